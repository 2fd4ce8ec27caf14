"""Labels of a Kubernetes node: what the machine has, for schedulers to choose by."""
