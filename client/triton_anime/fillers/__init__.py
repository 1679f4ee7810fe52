"""Video inpainting in the client: the pictures of a shot with holes in, the same pictures complete out."""
