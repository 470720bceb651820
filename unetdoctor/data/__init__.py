"""Images and masks as files: where they lie, which belong together, what they hold; never torch."""
