# SPDX-License-Identifier: Apache-2.0
"""The simulated provider's OpenAI dialect: chat and legacy completions, embeddings, responses, models, errors.

Each operation has whole(plan, body, model) -> dict and, but for embeddings, stream(plan, body, model) -> [Frame].
"""

import base64
import struct

from provider_frames import CREATED, Frame, broken_by_error, padded, with_pings
from provider_plan import words

NAME = "openai"
TYPES = {400: "invalid_request_error", 401: "invalid_request_error", 403: "permission_error", 404: "invalid_request_error",
         429: "requests", 500: "server_error", 503: "server_error"}
CODES = {401: "invalid_api_key", 404: "model_not_found", 429: "rate_limit_exceeded"}
PING = Frame("comment", "OPENROUTER PROCESSING")
TOOL = {"name": "look_up", "arguments": '{"place":"Rhodes"}'}


def error(status, code, message):
    kind = "insufficient_quota" if code == "insufficient_quota" else TYPES.get(status, "server_error")
    return {"error": {"message": message, "type": kind, "param": None, "code": code or CODES.get(status)}}


def error_frame(plan):
    """An error within a stream of chat or legacy completions."""
    kind = plan.error_frame[1] if plan.error_frame else "server_error"
    return Frame("error", {"error": {"message": "The simulated server failed.", "type": kind, "param": None, "code": kind}})


def usage(plan, output=None):
    """The chat API's counts; `output`: those so far."""
    output = plan.output if output is None else output
    details = {"cached_tokens": plan.cached, "audio_tokens": 0}
    if plan.write_5m + plan.write_1h:
        details["cache_write_tokens"] = plan.write_5m + plan.write_1h
    return {"prompt_tokens": plan.input, "completion_tokens": output, "total_tokens": plan.input + output,
            "prompt_tokens_details": details,
            "completion_tokens_details": {"reasoning_tokens": min(plan.reasoning, output), "audio_tokens": 0,
                                          "accepted_prediction_tokens": 0, "rejected_prediction_tokens": 0}}


def usage_asked(body):
    return bool((body.get("stream_options") or {}).get("include_usage"))


class Chat:
    """POST /v1/chat/completions."""

    name = "chat"
    prefix = "chatcmpl-"

    def whole(self, plan, body, model):
        choices = [self.whole_choice(plan, index) for index in range(body.get("n") or 1)]
        answer = {"id": self.prefix + plan.id, "object": self.whole_object, "created": CREATED, "model": model,
                  "choices": choices, "usage": usage(plan), "service_tier": "default", "system_fingerprint": "fp_sim"}
        if plan.drop_usage:
            del answer["usage"]
        return answer

    whole_object = "chat.completion"
    chunk_object = "chat.completion.chunk"

    def whole_choice(self, plan, index):
        message = {"role": "assistant", "content": padded("".join(words(plan.pieces, plan.output)), plan), "refusal": None}
        if plan.tools:
            message["content"] = None
            message["tool_calls"] = [{"id": "call_" + plan.id, "type": "function", "function": TOOL}]
        return {"index": index, "message": message, "logprobs": None, "finish_reason": plan.finish_reason}

    def stream(self, plan, body, model):
        asked, choices = usage_asked(body), range(body.get("n") or 1)

        def chunk(kind, choices, used=None):
            data = {"id": self.prefix + plan.id, "object": self.chunk_object, "created": CREATED, "model": model,
                    "service_tier": "default", "system_fingerprint": "fp_sim", "choices": choices}
            if asked or used:
                data["usage"] = used
            if plan.obfuscation and kind == "content":
                data["obfuscation"] = "x7Kq"
            return Frame(kind, data)

        frames = [chunk("lifecycle", [choice]) for index in choices for choice in self.begin(plan, index)]
        for n, text in enumerate(words(plan.pieces, plan.output)):
            so_far = usage(plan, plan.output * (n + 1) // plan.pieces) if plan.usage_every_chunk else None
            frames += [chunk("content", [self.delta(plan, index, n, padded(text, plan))], so_far) for index in choices]
        sent = not plan.drop_usage
        on_finish = sent and plan.usage_on_finish
        last = choices[-1]
        frames += [chunk("usage" if on_finish and index == last else "finish", [self.finish(plan, index)],
                         usage(plan) if on_finish and index == last else None) for index in choices]
        if asked and sent and not on_finish:
            frames.append(chunk("usage", [], usage(plan)))
        frames.append(Frame("end", "[DONE]"))
        frames = broken_by_error(frames, plan, error_frame(plan))
        return with_pings(frames, PING) if plan.ping else frames

    def begin(self, plan, index):
        yield {"index": index, "delta": {"role": "assistant", "content": None if plan.tools else "", "refusal": None},
               "logprobs": None, "finish_reason": None}

    def delta(self, plan, index, n, text):
        return {"index": index, "delta": self.tool_delta(plan, n) if plan.tools else {"content": text}, "logprobs": None,
                "finish_reason": None}

    def tool_delta(self, plan, n):
        """The call's name first, then its arguments piece by piece, the rest with the last."""
        arguments, count = TOOL["arguments"], plan.pieces
        size = max(1, len(arguments) // count)
        piece = arguments[n * size:] if n == count - 1 else arguments[n * size:(n + 1) * size]
        if n == 0:
            return {"tool_calls": [{"index": 0, "id": "call_" + plan.id, "type": "function",
                                    "function": {"name": TOOL["name"], "arguments": piece}}]}
        return {"tool_calls": [{"index": 0, "function": {"arguments": piece}}]}

    def finish(self, plan, index):
        return {"index": index, "delta": {}, "logprobs": None, "finish_reason": plan.finish_reason}


class Completions(Chat):
    """POST /v1/completions, which has text where chat has messages."""

    name = "completions"
    prefix = "cmpl-"
    whole_object = chunk_object = "text_completion"

    def whole_choice(self, plan, index):
        text = padded("".join(words(plan.pieces, plan.output)), plan)
        return {"text": text, "index": index, "logprobs": None, "finish_reason": plan.finish_reason}

    def begin(self, plan, index):
        return ()

    def delta(self, plan, index, n, text):
        return {"text": text, "index": index, "logprobs": None, "finish_reason": None}

    def finish(self, plan, index):
        return {"text": "", "index": index, "logprobs": None, "finish_reason": plan.finish_reason}


class Embeddings:
    """POST /v1/embeddings, as floats or as base64 of little-endian float32."""

    name = "embeddings"

    def whole(self, plan, body, model):
        inputs = body.get("input")
        count = len(inputs) if isinstance(inputs, list) and inputs and not isinstance(inputs[0], int) else 1
        size = body.get("dimensions") or max(8, plan.frame // 12)
        vectors = [[((n + index) % 64 - 32) / 64 for n in range(size)] for index in range(count)]
        if body.get("encoding_format") == "base64":
            vectors = [base64.b64encode(struct.pack(f"<{size}f", *vector)).decode() for vector in vectors]
        answer = {"object": "list", "data": [{"object": "embedding", "index": index, "embedding": vector}
                                             for index, vector in enumerate(vectors)],
                  "model": model, "usage": {"prompt_tokens": plan.input, "total_tokens": plan.input}}
        if plan.drop_usage:
            del answer["usage"]
        return answer

    stream = None


class Responses:
    """POST /v1/responses."""

    name = "responses"

    def usage(self, plan):
        return {"input_tokens": plan.input,
                "input_tokens_details": {"cached_tokens": plan.cached, "cache_write_tokens": plan.write_5m + plan.write_1h},
                "output_tokens": plan.output, "output_tokens_details": {"reasoning_tokens": plan.reasoning},
                "total_tokens": plan.input + plan.output}

    def response(self, plan, body, model, status, text=None):
        done = status in ("completed", "incomplete", "failed")
        output = [] if text is None else [self.item(plan, "completed" if status == "completed" else "incomplete", text)]
        return {"id": "resp_" + plan.id, "object": "response", "created_at": CREATED, "status": status, "error": None,
                "incomplete_details": {"reason": "max_output_tokens"} if status == "incomplete" else None,
                "instructions": body.get("instructions"), "max_output_tokens": body.get("max_output_tokens"), "model": model,
                "output": output, "parallel_tool_calls": True, "previous_response_id": body.get("previous_response_id"),
                "reasoning": {"effort": None, "summary": None}, "store": body.get("store", True), "temperature": 1,
                "text": {"format": {"type": "text"}}, "tool_choice": "auto", "tools": [], "top_p": 1,
                "truncation": "disabled", "metadata": {}, "service_tier": "default",
                "usage": self.usage(plan) if done and not plan.drop_usage else None}

    def item(self, plan, status, text=None):
        content = [] if text is None else [self.part(text)]
        return {"id": "msg_" + plan.id, "type": "message", "status": status, "role": "assistant", "content": content}

    def part(self, text):
        return {"type": "output_text", "text": text, "annotations": [], "logprobs": []}

    def end_status(self, plan):
        return "incomplete" if plan.finish == "length" else "completed"

    def whole(self, plan, body, model):
        return self.response(plan, body, model, self.end_status(plan),
                             padded("".join(words(plan.pieces, plan.output)), plan))

    def stream(self, plan, body, model):
        pieces = [padded(text, plan) for text in words(plan.pieces, plan.output)]
        text, status = "".join(pieces), self.end_status(plan)
        at = {"item_id": "msg_" + plan.id, "output_index": 0, "content_index": 0}
        begun = self.response(plan, body, model, "in_progress")
        events = [("lifecycle", "response.created", {"response": begun}),
                  ("lifecycle", "response.in_progress", {"response": begun}),
                  ("lifecycle", "response.output_item.added", {"output_index": 0, "item": self.item(plan, "in_progress")}),
                  ("lifecycle", "response.content_part.added", {**at, "part": self.part("")})]
        extra = {"obfuscation": "x7Kq"} if plan.obfuscation else {}
        events += [("content", "response.output_text.delta", {**at, "delta": piece, "logprobs": [], **extra}) for piece in pieces]
        events += [("finish", "response.output_text.done", {**at, "text": text, "logprobs": []}),
                   ("finish", "response.content_part.done", {**at, "part": self.part(text)}),
                   ("finish", "response.output_item.done", {"output_index": 0, "item": self.item(plan, "completed", text)}),
                   ("end" if plan.drop_usage else "usage", "response." + status,
                    {"response": self.response(plan, body, model, status, text)})]
        frames = broken_by_error([Frame(kind, {"type": name, **data}, name) for kind, name, data in events], plan,
                                 self.error_frame(plan, body, model))
        for number, frame in enumerate(frames):
            frame.data["sequence_number"] = number
        return with_pings(frames, Frame("comment", "ping")) if plan.ping else frames

    def error_frame(self, plan, body, model):
        """TYPE `failed` is response.failed, which has usage; any other is the event `error`."""
        kind = plan.error_frame[1] if plan.error_frame else "server_error"
        if kind != "failed":
            return Frame("error", {"type": "error", "code": kind, "message": "The simulated server failed.", "param": None},
                         "error")
        failed = self.response(plan, body, model, "failed")
        failed["error"] = {"code": "server_error", "message": "The simulated server failed."}
        return Frame("usage", {"type": "response.failed", "response": failed}, "response.failed")


def models(names):
    return {"object": "list", "data": [{"id": name, "object": "model", "created": CREATED, "owned_by": "simulated"}
                                       for name in names]}
