"""The field's measures, one file each, by the definitions of their papers; numpy, OpenCV and scipy only."""
