"""`python -m yinuo` is `yinuo`."""

from yinuo.ops.cli import main

if __name__ == "__main__":
    raise SystemExit(main())
