"""Container images without a registry and without a build daemon: layers are tar files, an image is a list of them with a configuration."""
