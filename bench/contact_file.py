"""A list as companies send it, always the same: eight columns, numbers in every usual way, some spoilt, some twice."""

import csv
import io
import random
import zipfile

_FIRST = ("José", "María", "Luis", "Ana", "Carlos", "Lucía", "Pedro", "Rosa", "Jorge", "Inés")
_LAST = ("Quispe", "Flores", "Sánchez", "Rojas", "Díaz", "Torres", "Ñahui", "Peña")
_CITY = ("Lima", "Cusco", "Arequipa", "Trujillo", "Piura")
_HEADER = ("Número", "Nombre", "Apellido", "Email", "Dirección", "Valor #1", "Valor #2", "Valor #3")


def contact_file(rows: int, *, zipped: bool = True) -> bytes:
    """So many rows; 5 % of the numbers come twice, 3 % cannot be read."""
    chance = random.Random(7)
    distinct = int(rows * 0.95)
    numbers = [900_000_000 + n for n in chance.sample(range(10**8), distinct)]
    numbers += chance.choices(numbers, k=rows - distinct)
    chance.shuffle(numbers)
    out = io.StringIO(newline="")
    writer = csv.writer(out, delimiter=";")
    writer.writerow(_HEADER)
    for number in numbers:
        first, last = chance.choice(_FIRST), chance.choice(_LAST)
        street, debt = chance.randrange(100), chance.randrange(10**4)
        mail, city = f"{first[0].lower()}{last.lower()}{street}@example.com", chance.choice(_CITY)
        due = f"{chance.randrange(1, 29)}/12"
        writer.writerow((_written(str(number), chance.random()), first, last, mail, f"Av. {street}", city, debt, due))
    content = out.getvalue().encode()
    if not zipped:
        return content
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("contactos.csv", content)
    return archive.getvalue()


def _written(number: str, chance: float) -> str:
    """55 % local, 42 % international in four ways, 2 % too short, 1 % spoilt by a spreadsheet."""
    for limit, text in (
        (0.55, number),
        (0.75, f"+51{number}"),
        (0.88, f"+51 {number[:3]} {number[3:6]} {number[6:]}"),
        (0.96, f"51{number}"),
        (0.97, f"0051{number}"),
        (0.99, number[:7]),
    ):
        if chance < limit:
            return text
    return "5.19878E+11"
