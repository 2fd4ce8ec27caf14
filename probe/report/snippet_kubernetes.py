"""The choice as Kubernetes has it: two claims for what is kept, and a deployment of one pod."""

from collections.abc import Iterator, Sequence

from probe.report.schema import SelectionReport
from probe.report.snippet_settings import CONFIG, MEMORY_LIMIT, MODELS, STATE, STOP_S, USER

# The vendors' device plugins: what a pod asks for to be given a GPU.
RESOURCES = {"cuda": "nvidia.com/gpu", "rocm": "amd.com/gpu"}

HEAD = """\
# kubectl create secret generic alternator --from-file=alternator.toml
# Needs the image in a registry that the cluster pulls from; name it below."""
CLAIM = """\
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {{name: {name}}}
spec:
  accessModes: [ReadWriteOnce]
  resources: {{requests: {{storage: {size}}}}}
---"""
DEPLOYMENT = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: alternator}
spec:
  replicas: 1
  strategy: {type: Recreate}
  selector: {matchLabels: {app: alternator}}
  template:
    metadata: {labels: {app: alternator}}
    spec:
      automountServiceAccountToken: false
      # A service called alternator would otherwise set variables that look like our settings.
      enableServiceLinks: false"""
# The group owns the volumes, whose files the user could not write otherwise.
SECURITY = f"""\
      terminationGracePeriodSeconds: {STOP_S}
      securityContext:
        runAsNonRoot: true
        runAsUser: {USER}
        runAsGroup: {USER}
        fsGroup: {USER}
        fsGroupChangePolicy: OnRootMismatch
        seccompProfile: {{type: RuntimeDefault}}"""
# The first start may have a model to download: an hour.
CONTAINER = f"""\
          securityContext:
            readOnlyRootFilesystem: true
            allowPrivilegeEscalation: false
            capabilities: {{drop: [ALL]}}
          startupProbe:
            exec: {{command: [alternator, health]}}
            periodSeconds: 10
            timeoutSeconds: 10
            failureThreshold: 360
          livenessProbe:
            exec: {{command: [alternator, health]}}
            periodSeconds: 30
            timeoutSeconds: 10
            failureThreshold: 3
          volumeMounts:
            - {{name: config, mountPath: {CONFIG.rpartition("/")[0]}, readOnly: true}}
            - {{name: state, mountPath: {STATE}}}
            - {{name: models, mountPath: {MODELS}}}
            - {{name: tmp, mountPath: /tmp}}
      volumes:
        - {{name: config, secret: {{secretName: alternator}}}}
        - {{name: state, persistentVolumeClaim: {{claimName: alternator-state}}}}
        - {{name: models, persistentVolumeClaim: {{claimName: alternator-models}}}}
        - {{name: tmp, emptyDir: {{}}}}"""


def kubernetes(selection: SelectionReport, image: str, *, groups: Sequence[str]) -> str:
    """The manifest; ``groups`` are the numbers of the groups that own AMD's device nodes here."""
    return "\n".join(_parts(selection, image, groups)) + "\n"


def _parts(selection: SelectionReport, image: str, groups: Sequence[str]) -> Iterator[str]:
    resource = RESOURCES.get(selection["backend"])
    yield HEAD
    if resource:
        yield f"# Needs the vendor's device plugin, which gives {resource} and its device nodes."
    if resource == "nvidia.com/gpu":
        yield "# Where NVIDIA's runtime is not the default: runtimeClassName: nvidia in the pod."
    if groups:
        yield "# supplementalGroups are the owners of /dev/dri and /dev/kfd on this machine."
    yield CLAIM.format(name="alternator-state", size="2Gi")
    yield CLAIM.format(name="alternator-models", size="10Gi")
    yield DEPLOYMENT
    yield SECURITY
    if groups:
        yield f"        supplementalGroups: [{', '.join(groups)}]"
    yield f"      containers:\n        - name: bot\n          image: {image}"
    if selection["env"]:
        yield "          env:"
        for name, value in selection["env"].items():
            yield f'            - {{name: {name}, value: "{value}"}}'
    yield "          resources:\n            limits:"
    yield f"              memory: {MEMORY_LIMIT}Gi"
    if resource:
        yield f"              {resource}: 1"
    yield "            requests: {memory: 1Gi}"
    yield CONTAINER
