"""The proof library ships as data: the scripts that stand beside it (check.py, table.py) stay in the repository."""

from setuptools import setup
from setuptools.command.build_py import build_py


class Build(build_py):
    """Everything of pyproject.toml, without the modules of the folder of proofs."""

    def find_package_modules(self, package, package_dir):
        return [] if package == "normbound.proofs" else super().find_package_modules(package, package_dir)


setup(cmdclass={"build_py": Build})
