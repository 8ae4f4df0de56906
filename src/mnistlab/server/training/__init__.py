"""Trainings over HTTP: started, watched, stopped and resumed."""
