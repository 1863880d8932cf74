"""What a page of the browser edition asks of Python: questions of widgets, checks of answers, files of the learner."""
