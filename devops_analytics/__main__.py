"""Run the command as `python -m devops_analytics`."""

from devops_analytics.cli import main

if __name__ == "__main__":
    main()
