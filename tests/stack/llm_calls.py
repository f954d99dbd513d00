# SPDX-License-Identifier: Apache-2.0
"""Requests of every dialect of LLM providers, and what their answers say they used."""

import json

from provider import KEY

OPERATIONS = ("chat", "completions", "embeddings", "responses", "messages", "generate_content", "embed_content")
STREAMED = ("chat", "completions", "responses", "messages", "generate_content")
DIALECTS = {"messages": "anthropic", "generate_content": "gemini", "embed_content": "gemini"}  # the others are OpenAI's
PATHS = {"chat": "/v1/chat/completions", "completions": "/v1/completions", "embeddings": "/v1/embeddings",
         "responses": "/v1/responses", "messages": "/v1/messages"}


def dialect_of(operation):
    return DIALECTS.get(operation, "openai")


class Call:
    """A request of an operation, which tells the simulated provider by `commands` what to answer. `usage`: of chat and
    completions, ask for the counts in the stream; `sse`: of Gemini, a stream of events and not an array."""

    def __init__(self, operation, model, commands="", stream=False, usage=False, sse=True, key=KEY):
        self.operation, self.stream = operation, stream
        prompt = "Say something. sim: " + commands
        self.path = PATHS.get(operation) or self.gemini_path(operation, model, stream, sse)
        self.headers = {"content-type": "application/json"}
        body = self.content(operation, prompt)
        if dialect_of(operation) != "gemini":
            body["model"] = model
            if stream:
                body["stream"] = True
            if stream and usage and operation in ("chat", "completions"):
                body["stream_options"] = {"include_usage": True}
        self.body = json.dumps(body).encode()
        if dialect_of(operation) == "anthropic":
            self.headers["anthropic-version"] = "2023-06-01"
        if key:
            name = {"anthropic": "x-api-key", "gemini": "x-goog-api-key"}.get(dialect_of(operation), "authorization")
            self.headers[name] = "Bearer " + key if name == "authorization" else key

    @staticmethod
    def gemini_path(operation, model, stream, sse):
        action = "embedContent" if operation == "embed_content" else "streamGenerateContent" if stream else "generateContent"
        return f"/v1beta/models/{model}:{action}" + ("?alt=sse" if stream and sse else "")

    @staticmethod
    def content(operation, prompt):
        """The part of the body that has the prompt."""
        return {
            "chat": {"messages": [{"role": "user", "content": prompt}]},
            "completions": {"prompt": prompt},
            "embeddings": {"input": prompt},
            "responses": {"input": prompt},
            "messages": {"max_tokens": 500, "messages": [{"role": "user", "content": prompt}]},
            "generate_content": {"contents": [{"role": "user", "parts": [{"text": prompt}]}]},
            "embed_content": {"content": {"parts": [{"text": prompt}]}},
        }[operation]

    def bytes(self, host="localhost"):
        """The whole request as it goes over the wire."""
        lines = [f"POST {self.path} HTTP/1.1", f"host: {host}", f"content-length: {len(self.body)}",
                 *(f"{name}: {value}" for name, value in self.headers.items())]
        return ("\r\n".join(lines) + "\r\n\r\n").encode() + self.body


def read_stream(body, content_type):
    """The JSON values of a streamed body, SSE or an array."""
    text = body.decode()
    if not content_type.startswith("text/event-stream"):
        return json.loads(text)
    data = [line[6:] for line in text.splitlines() if line.startswith("data: ")]
    return [json.loads(value) for value in data if value != "[DONE]"]


def usage_of(operation, values):
    """(input, output, cached, reasoning) as the answer's values tell them last, each with OpenTelemetry's meaning."""
    found = {}
    for value in values:
        used = value.get("usage") or (value.get("response") or value.get("message") or {}).get("usage") \
            or value.get("usageMetadata") or {}
        found.update({name: count for name, count in used.items() if count is not None})
    if dialect_of(operation) == "anthropic":
        parts = ("input_tokens", "cache_creation_input_tokens", "cache_read_input_tokens")
        return (sum(found.get(name, 0) for name in parts), found["output_tokens"], found.get("cache_read_input_tokens", 0),
                found.get("output_tokens_details", {}).get("thinking_tokens", 0))
    if dialect_of(operation) == "gemini":
        thoughts = found.get("thoughtsTokenCount", 0)
        return (found["promptTokenCount"] + found.get("toolUsePromptTokenCount", 0),
                found.get("candidatesTokenCount", 0) + thoughts, found.get("cachedContentTokenCount", 0), thoughts)
    names = ("input_tokens", "output_tokens") if operation == "responses" else ("prompt_tokens", "completion_tokens")
    details = [found.get(name + "_details", {}) for name in names]
    return (found[names[0]], found.get(names[1], 0), details[0].get("cached_tokens", 0), details[1].get("reasoning_tokens", 0))
