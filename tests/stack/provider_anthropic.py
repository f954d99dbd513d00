# SPDX-License-Identifier: Apache-2.0
"""The simulated provider's Anthropic dialect: messages of both API versions, count_tokens, models, errors."""

from provider_frames import Frame, broken_by_error, padded, with_pings
from provider_plan import words

NAME = "anthropic"
VERSIONS = ("2023-06-01", "2026-10-21")
TYPES = {400: "invalid_request_error", 401: "authentication_error", 402: "billing_error", 403: "permission_error",
         404: "not_found_error", 413: "request_too_large", 429: "rate_limit_error", 500: "api_error", 504: "timeout_error",
         529: "overloaded_error"}
REASONS = {"stop": "end_turn", "length": "max_tokens", "tool_calls": "tool_use", "content_filter": "refusal"}
PING = Frame("lifecycle", {"type": "ping"}, "ping")


def error(status, code, message):
    found = {"type": TYPES.get(status, "api_error"), "message": message}
    if code:
        found["details"] = {"error_code": code}
    return {"type": "error", "error": found, "request_id": "req_sim"}


def usage(plan, output):
    return {"input_tokens": plan.input - plan.cached - plan.write_5m - plan.write_1h,
            "cache_creation_input_tokens": plan.write_5m + plan.write_1h, "cache_read_input_tokens": plan.cached,
            "cache_creation": {"ephemeral_5m_input_tokens": plan.write_5m, "ephemeral_1h_input_tokens": plan.write_1h},
            "output_tokens": output, "service_tier": "standard"}


class Messages:
    """POST /v1/messages. Thinking comes as a block of its own where there is reasoning."""

    name = "messages"

    def blocks(self, plan):
        """The answer's content, whole."""
        if plan.reasoning:
            yield {"type": "thinking", "thinking": "so it is", "signature": "c2ln"}
        if plan.tools:
            yield {"type": "tool_use", "id": "toolu_" + plan.id, "name": "look_up", "input": {"place": "Rhodes"}}
        else:
            yield {"type": "text", "text": padded("".join(words(plan.pieces, plan.output)), plan)}

    def message(self, plan, model, content, used, reason):
        return {"id": "msg_" + plan.id, "type": "message", "role": "assistant", "model": model, "content": content,
                "stop_reason": reason, "stop_sequence": None, "usage": used}

    def details(self, plan):
        return {"output_tokens_details": {"thinking_tokens": plan.reasoning}} if plan.reasoning else {}

    def whole(self, plan, body, model):
        used = {**usage(plan, plan.output), **self.details(plan)}
        answer = self.message(plan, model, list(self.blocks(plan)), used, REASONS[plan.finish_reason])
        if plan.drop_usage:
            del answer["usage"]
        return answer

    def deltas(self, plan, block):
        """The frames' deltas that a block's content comes in."""
        if block["type"] == "thinking":
            return [{"type": "thinking_delta", "thinking": block["thinking"]},
                    {"type": "signature_delta", "signature": block["signature"]}]
        if block["type"] == "tool_use":
            return [{"type": "input_json_delta", "partial_json": text} for text in ("", '{"place":', '"Rhodes"}')]
        return [{"type": "text_delta", "text": padded(text, plan)} for text in words(plan.pieces, plan.output)]

    def started(self, block):
        """The block as content_block_start has it: empty."""
        empty = {"thinking": {"thinking": "", "signature": ""}, "tool_use": {"input": {}}, "text": {"text": ""}}
        return {**block, **empty[block["type"]]}

    def stream(self, plan, body, model):
        begun = self.message(plan, model, [], usage(plan, 1), None)
        frames = [Frame("lifecycle", {"type": "message_start", "message": begun})]
        for index, block in enumerate(self.blocks(plan)):
            frames.append(Frame("lifecycle", {"type": "content_block_start", "index": index,
                                              "content_block": self.started(block)}))
            if index == 0:
                frames.append(PING)
            frames += [Frame("content", {"type": "content_block_delta", "index": index, "delta": delta})
                       for delta in self.deltas(plan, block)]
            frames.append(Frame("finish", {"type": "content_block_stop", "index": index}))
        last = {"type": "message_delta", "delta": {"stop_reason": REASONS[plan.finish_reason], "stop_sequence": None}}
        if not plan.drop_usage:
            last["usage"] = self.delta_usage(plan)
        frames.append(Frame("finish" if plan.drop_usage else "usage", last))
        frames.append(Frame("end", {"type": "message_stop"}))
        kind = plan.error_frame[1] if plan.error_frame else "api_error"
        failed = Frame("error", {"type": "error", "error": {"type": kind, "message": "The simulated server failed."}})
        frames = broken_by_error(frames, plan, failed)
        frames = with_pings(frames, PING) if plan.ping else frames
        return [Frame(frame.kind, frame.data, frame.data["type"]) for frame in frames]

    def delta_usage(self, plan):
        if plan.null_delta:
            return {"input_tokens": None, "cache_creation_input_tokens": None, "cache_read_input_tokens": None,
                    "output_tokens": plan.output, **self.details(plan)}
        found = usage(plan, plan.output)
        del found["cache_creation"], found["service_tier"]
        return {**found, **self.details(plan)}


class CountTokens:
    """POST /v1/messages/count_tokens, which costs nothing."""

    name = "count_tokens"
    stream = None

    def whole(self, plan, body, model):
        return {"input_tokens": plan.input}


def complaint(body, headers):
    """Why a request is a bad one by its API version, or None."""
    version = headers.get("anthropic-version")
    if version not in VERSIONS:
        return "anthropic-version: the header is required, and has to be a version that exists"
    if version == "2026-10-21":
        gone = [name for name in ("temperature", "top_p", "top_k") if name in body]
        if gone:
            return f"{gone[0]}: not a parameter of this API version"
    return None if isinstance(body.get("max_tokens"), int) else "max_tokens: Field required"


def models(names):
    return {"data": [{"type": "model", "id": name, "display_name": name, "created_at": "2025-10-09T00:00:00Z"}
                     for name in names], "has_more": False, "first_id": names[0], "last_id": names[-1]}
