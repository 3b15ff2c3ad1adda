"""`python -m trunkline.pipecat bot.py`: a bot that takes calls."""

from trunkline.pipecat.runner import run_file

if __name__ == "__main__":
    run_file()
