"""Facts of the outside world as data: builds of torch, devices, models."""
