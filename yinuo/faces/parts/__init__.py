"""Parts that every face shares: the look, the layouts, the template tags, the JSON-Schema form, uploads."""
