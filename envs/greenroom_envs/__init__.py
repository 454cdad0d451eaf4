"""Apps that come with greenroom, each a plugin like anybody's."""
