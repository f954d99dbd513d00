# SPDX-License-Identifier: Apache-2.0
"""The simulated provider's Gemini dialect: generateContent, streamGenerateContent, embeddings, countTokens, models, errors."""

from provider_frames import Frame, broken_by_error, padded
from provider_plan import words

NAME = "gemini"
STATUSES = {400: "INVALID_ARGUMENT", 401: "UNAUTHENTICATED", 403: "PERMISSION_DENIED", 404: "NOT_FOUND",
            429: "RESOURCE_EXHAUSTED", 500: "INTERNAL", 503: "UNAVAILABLE", 504: "DEADLINE_EXCEEDED"}
REASONS = {"stop": "STOP", "length": "MAX_TOKENS", "tool_calls": "STOP", "content_filter": "SAFETY"}
ERROR_CODES = {"RESOURCE_EXHAUSTED": 429, "INTERNAL": 500}


def error(status, code, message, retry_after=""):
    found = {"code": status, "message": message, "status": code or STATUSES.get(status, "UNKNOWN")}
    if retry_after:
        found["details"] = [{"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": retry_after + "s"}]
    return {"error": found}


def usage(plan, output=None):
    """`output`: all tokens of the answer so far, with the thoughts."""
    output = plan.output if output is None else output
    thoughts = min(plan.reasoning, output)
    found = {"promptTokenCount": plan.input - plan.tool, "candidatesTokenCount": output - thoughts,
             "totalTokenCount": plan.input + output,
             "promptTokensDetails": [{"modality": "TEXT", "tokenCount": plan.input - plan.tool}]}
    optional = {"cachedContentTokenCount": plan.cached, "toolUsePromptTokenCount": plan.tool, "thoughtsTokenCount": thoughts}
    return {**found, **{name: count for name, count in optional.items() if count}}


class Generate:
    """generateContent and streamGenerateContent: every frame has the counts so far, the last one has the final ones."""

    name = "generate_content"

    def answer(self, plan, model, text, reason=None, output=None):
        part = {"functionCall": {"name": "look_up", "args": {"place": "Rhodes"}}} if plan.tools else {"text": text}
        candidate = {"content": {"parts": [part], "role": "model"}, "index": 0}
        if reason:
            candidate["finishReason"] = reason
        found = {"candidates": [candidate], "usageMetadata": usage(plan, output), "modelVersion": model,
                 "responseId": "gen-" + plan.id}
        if plan.drop_usage:
            del found["usageMetadata"]
        return found

    def whole(self, plan, body, model):
        return self.answer(plan, model, padded("".join(words(plan.pieces, plan.output)), plan), REASONS[plan.finish_reason])

    def stream(self, plan, body, model):
        texts = words(plan.pieces, plan.output)
        frames = []
        for n, text in enumerate(texts, 1):
            last = n == len(texts)
            data = self.answer(plan, model, padded(text, plan), REASONS[plan.finish_reason] if last else None,
                               plan.output * n // len(texts))
            frames.append(Frame("usage" if last and not plan.drop_usage else "content", data))
        kind = plan.error_frame[1] if plan.error_frame else "UNAVAILABLE"
        failed = Frame("error", error(ERROR_CODES.get(kind, 503), kind, "The simulated server failed."))
        return broken_by_error(frames, plan, failed)


class Embed:
    """embedContent and batchEmbedContents."""

    name = "embed_content"
    stream = None

    def whole(self, plan, body, model):
        vector = [(n % 64 - 32) / 64 for n in range(max(8, plan.frame // 12))]
        batch = body.get("requests")
        found = {"embedding": {"values": vector}} if batch is None else {"embeddings": [{"values": vector} for _ in batch]}
        if not plan.drop_usage:
            found["usageMetadata"] = {"promptTokenCount": plan.input, "totalTokenCount": plan.input}
        return found


class CountTokens:
    """countTokens, which costs nothing."""

    name = "count_tokens"
    stream = None

    def whole(self, plan, body, model):
        return {"totalTokens": plan.input}


def models(names):
    return {"models": [{"name": "models/" + name, "version": "1", "displayName": name,
                        "supportedGenerationMethods": ["generateContent", "embedContent"]} for name in names]}
