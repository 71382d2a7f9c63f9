"""The operations that most nouns have alike: list, create, read, replace and delete."""

from __future__ import annotations

from dataclasses import dataclass

from st2lite.http.openapi.parts import SELECTION, Json, answer, body, empty, operation, ref, rows


@dataclass(frozen=True)
class Noun:
    """A kind of object that has a path of its own.

    `schema` names what is answered, `<schema>Input` what is sent; `one` and `many` are what it is called in sentences.
    """

    schema: str
    one: str
    many: str

    @property
    def answer(self) -> Json:
        return answer(ref(self.schema), f"The {self.one}.")

    def listing(self, parameters: list[Json], counted: bool = True, summary: str = "") -> Json:
        return operation(
            f"list{_camel(self.many)}",
            summary or f"List {self.many}",
            {"200": rows(ref(self.schema), f"{self.many[0].upper()}{self.many[1:]}.", counted)},
            parameters=parameters,
        )

    def create(self, example: Json, summary: str = "", errors: tuple[str, ...] = ("409",)) -> Json:
        return operation(
            f"create{self.schema}",
            summary or f"Create {self._any}",
            {"201": answer(ref(self.schema), f"The new {self.one}.")},
            request=body(ref(f"{self.schema}Input"), example=example),
            errors=errors,
        )

    def read(self, parameters: list[Json] = SELECTION, summary: str = "") -> Json:
        return operation(
            f"get{self.schema}",
            summary or f"Read {self._any}",
            {"200": self.answer},
            errors=("404",),
            parameters=parameters,
        )

    def replace(self, example: Json | None = None, summary: str = "", errors: tuple[str, ...] = ("404", "409")) -> Json:
        return operation(
            f"update{self.schema}",
            summary or f"Replace {self._any}",
            {"200": self.answer},
            request=body(ref(f"{self.schema}Input"), example=example),
            errors=errors,
        )

    def delete(self, errors: tuple[str, ...] = ("404",)) -> Json:
        return operation(f"delete{self.schema}", f"Delete {self._any}", {"204": empty("Deleted.")}, errors=errors)

    @property
    def _any(self) -> str:
        return f"{'an' if self.one[0].lower() in 'aeiou' else 'a'} {self.one}"


def _camel(words: str) -> str:
    return "".join(word[0].upper() + word[1:] for word in words.split())
