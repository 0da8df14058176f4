"""Deploy a service: to staging at once, to production when a release manager approves.

Try `signoff run deploy service=shop version=1.4.2 environment=production`. Who may approve comes
from SIGNOFF_APPROVERS: user ids, e-mail addresses or `@handles`, separated by commas.
"""

from __future__ import annotations

import os
from datetime import timedelta
from typing import Any, Literal

from pydantic import BaseModel, Field

from orchestrator import Context, GraphBuilder


class Deployment(BaseModel):
    """What is to be deployed, and where."""

    service: str = Field(pattern=r"^[a-z][a-z0-9-]*$", description="Such as shop")
    version: str = Field(min_length=1, max_length=50, description="Such as 1.4.2")
    environment: Literal["staging", "production"] = "staging"


def build(context: Context) -> dict[str, Any]:
    """Build the image; a real one would call the build system."""
    wanted = context.input
    return {"image": f"registry.example.com/{wanted.service}:{wanted.version}"}


def deploy(context: Context) -> dict[str, Any]:
    """Roll the image out. Deploying the same image twice leaves the same image running."""
    wanted = context.input
    return {"deployed": f"{context.state['image']} runs in {wanted.environment}"}


deploy_service = (
    GraphBuilder(
        "deploy",
        title="Deploy a service",
        description="Goes to staging at once; production needs a release manager.",
        input=Deployment,
    )
    .task("build", build, writes="image", retry=3)
    .router("where")
    .approval(
        "release",
        title="Deploy {{ input.service }} {{ input.version }} to production?",
        prompt="It replaces what runs there now.",
        approvers=os.environ.get("SIGNOFF_APPROVERS") or "@release",
        review_keys=["input.environment", "input.service", "input.version", "image"],
        timeout=timedelta(hours=4),
        on_timeout="reject",
        remind_before=timedelta(minutes=30),
        rejection="refused",
    )
    .task("deploy", deploy, writes="deployed", idempotent=True)
    .end("done", output="deployed")
    .end("refused", output="human_response")
    .edge("build", "where")
    .edge("where", "release", when=lambda view: view.input.environment == "production")
    .edge("where", "deploy")
    .edge("release", "deploy")
    .edge("deploy", "done")
    .start("build")
    .build()
)
