"""Template tags of the shared parts: `{% load parts %}`."""
