"""The choice as Kubernetes has it: two claims for what is kept, and a deployment of one pod."""

from collections.abc import Iterator

from probe.report.snippet_settings import CONFIG, MODELS, STATE, STOP_S, TMP_GIB, USER
from probe.report.snippet_start import Start

# The vendors' device plugins: what a pod asks for to be given a GPU.
# https://github.com/NVIDIA/k8s-device-plugin#configuration-option-details
RESOURCES = {"cuda": "nvidia.com/gpu", "rocm": "amd.com/gpu"}
VENDORS = {"cuda": "nvidia", "rocm": "amd"}
# Volumes elsewhere have an underscore in their names, which no name may have here.
STATE_CLAIM, MODELS_CLAIM = "alternator-state", "alternator-models"

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
        - {{name: state, persistentVolumeClaim: {{claimName: {STATE_CLAIM}}}}}
        - {{name: models, persistentVolumeClaim: {{claimName: {MODELS_CLAIM}}}}}
        - {{name: tmp, emptyDir: {{sizeLimit: {TMP_GIB}Gi}}}}"""


def kubernetes(start: Start) -> str:
    """The manifest. It says what a pod can't be told: which of a node's cards it gets."""
    return "\n".join(_parts(start)) + "\n"


def _parts(start: Start) -> Iterator[str]:
    resource = RESOURCES.get(start.backend)
    groups = start.values("--group-add") if start.backend == "rocm" else []
    yield HEAD
    yield from _about_devices(start, resource)
    if groups:
        yield "# supplementalGroups are the owners of /dev/dri and /dev/kfd on this machine."
    yield CLAIM.format(name=STATE_CLAIM, size="2Gi")
    yield CLAIM.format(name=MODELS_CLAIM, size="10Gi")
    yield DEPLOYMENT
    yield SECURITY
    if groups:
        yield f"        supplementalGroups: [{', '.join(groups)}]"
    yield f"      containers:\n        - name: bot\n          image: {start.image}"
    # Names of this machine's cards would hide whichever the pod is given.
    if start.selection["env"]:
        yield "          env:"
        for name, value in start.selection["env"].items():
            yield f'            - {{name: {name}, value: "{value}"}}'
    yield "          resources:\n            limits:"
    yield f"              memory: {start.memory}Gi"
    if resource:
        yield f"              {resource}: 1"
    yield "            requests: {memory: 1Gi}"
    yield CONTAINER


def _about_devices(start: Start, resource: str | None) -> Iterator[str]:
    if resource is None:
        return
    yield f"# Needs the vendor's device plugin, which gives {resource} and its device nodes."
    if resource == "nvidia.com/gpu":
        yield "# Where NVIDIA's runtime is not the default: runtimeClassName: nvidia in the pod."
    own = [gpu for gpu in start.gpus if gpu["vendor"] == VENDORS[start.backend]]
    if not all(gpu["selected"] for gpu in own):
        yield "# A pod can't ask for one card: the plugin gives any of the node's, also one that is"
        yield "# hidden here or has no code in this image. Keep such a card from the plugin, or"
        yield "# label the nodes and select among them (nodeSelector)."
    for profile in sorted({_profile(gpu["name"]) for gpu in own if gpu["selected"]} - {""}):
        yield f"# With the plugin's mixed MIG strategy: nvidia.com/mig-{profile} in its place."


def _profile(name: str) -> str:
    """Of a slice's name, NVIDIA A100-SXM4-80GB MIG 3g.40gb, what the plugin's resource has."""
    return name.partition(" MIG ")[2].replace("+", ".")
