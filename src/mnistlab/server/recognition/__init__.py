"""Routes that ask networks: about an image, about their layers, about a photo."""
