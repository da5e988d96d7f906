# SPDX-License-Identifier: GPL-2.0-or-later
"""Certificates of a test CA, made by openssl in the lab's directory."""
import os
import subprocess


def run(lab, *cmd):
    subprocess.run(cmd, cwd=lab.dir, check=True, stdout=subprocess.DEVNULL,
                   stderr=subprocess.DEVNULL)


def authority(lab, name="ca"):
    run(lab, "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
        "ec_paramgen_curve:P-256", "-nodes", "-keyout", name + ".key", "-out",
        name + ".pem", "-days", "90", "-subj", "/CN=test " + name)


def issue(lab, name, alt, serial=1000):
    """NAME.pem and NAME.key for that subjectAltName."""
    run(lab, "openssl", "req", "-new", "-newkey", "ec", "-pkeyopt",
        "ec_paramgen_curve:P-256", "-nodes", "-keyout", name + ".key", "-out",
        name + ".csr", "-subj", "/CN=" + name)
    os.chmod(lab.path(name + ".key"), 0o600)
    with open(lab.path(name + ".ext"), "w") as f:
        f.write(f"subjectAltName={alt}\n")
    run(lab, "openssl", "x509", "-req", "-in", name + ".csr", "-CA", "ca.pem",
        "-CAkey", "ca.key", "-set_serial", str(serial), "-days", "90",
        "-extfile", name + ".ext", "-out", name + ".pem")
