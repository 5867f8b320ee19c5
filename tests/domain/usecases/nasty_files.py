"""
Files that people send, and what each must come to, row by row. Made by code: the bytes that matter are seen here.

A contact is its number and its fields in the manual's order, without the blank ones at the end. A refused row is its
line, its column, what stood there and the reason.
"""

import base64
import gzip
import io
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

import xlsxwriter

from domain.rules.contact_csv import TooManyColumns, TooManyRows
from domain.rules.csv_layout import FileEmpty, FileNotText, FileRejected
from domain.rules.csv_records import LineTooLong
from domain.rules.upload import (
    FileBroken,
    FileEncrypted,
    FileNested,
    TooManyEntries,
    UnpacksTooLarge,
    UnpacksTooMuch,
)

A, B = 51987763010, 51987763011
MOMENT = datetime(2026, 1, 2, 3, 4)  # noqa: DTZ001 - as a workbook has it


@dataclass(frozen=True)
class Nasty:
    """A file and its outcome. ``error``: it is refused as a whole, with these values."""

    id: str
    content: bytes
    contacts: Mapping[int, tuple[str, ...]] = field(default_factory=dict)
    refused: tuple[tuple[int, int, str, str], ...] = ()
    name: str = "lista.csv"
    part: int = 0
    encoding: str = ""
    error: type[FileRejected] | None = None
    values: Mapping[str, object] = field(default_factory=dict)


def zipped(files: Mapping[str, bytes], *, method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """A ZIP archive."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return out.getvalue()


def workbook(*sheets: list[list[Any]], first: tuple[int, int] = (0, 0)) -> bytes:
    """An Excel workbook with these rows, from the cell ``first`` on."""
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"in_memory": True, "default_date_format": "dd/mm/yyyy"})
    for number, rows in enumerate(sheets, 1):
        sheet = book.add_worksheet(f"Hoja{number}")
        for at, row in enumerate(rows):
            for column, cell in enumerate(row):
                sheet.write(first[0] + at, first[1] + column, cell)
    book.close()
    return out.getvalue()


def encrypted_zip() -> bytes:
    """Its one file is marked as encrypted."""
    plain = bytearray(zipped({"lista.csv": b"987763010,Ana\n"}))
    for signature, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        plain[plain.index(signature) + offset] |= 1
    return bytes(plain)


def lying_zip() -> bytes:
    """A bomb whose directory says that it unpacks to little."""
    honest = bytearray(zipped({"lista.csv": b"1" * 400_000_000}))
    for signature, offset in ((b"PK\x03\x04", 22), (b"PK\x01\x02", 24)):
        at = honest.index(signature) + offset
        honest[at : at + 4] = (1_000).to_bytes(4, "little")
    return bytes(honest)


def gzip_bomb() -> bytes:
    """Four hundred megabytes of nothing."""
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    chunk = b"9" * 1_000_000
    return b"".join([*(packer.compress(chunk) for _ in range(400)), packer.flush()])


def workbook_bomb() -> bytes:
    """A workbook with a part of more than it may unpack to."""
    out = io.BytesIO(workbook([["987763010"]]))
    with zipfile.ZipFile(out, "a", zipfile.ZIP_DEFLATED) as archive, archive.open("xl/bomb.xml", "w") as part:
        for _ in range(310):
            part.write(b" " * 1_000_000)
    return out.getvalue()


#: Three rows in the format of Excel 97 to 2003, as xlwt 1.3.0 writes it.
OLD_WORKBOOK = zlib.decompress(
    base64.b85decode(
        "c-rk)O=uHA6#iy6Nt4>7X>Em8C`-YrO%Gj4ZF6YX2yMNjR4+;qbkhdZwn<sM=*4QyQ4l;SUJAW<se17TJ?PDYQqhAT2&tZ=cn}ms+N^K"
        "h?%E%FXh4fU`z`b4&71dT-pres-PsrOHN}}bjSE<ZUZ^P95rkIB1f_^qh=b~FTe4mrreyp0s}KoOAVWbsj6SQ7F_iIMfP&kBCq#jFl#X"
        "E%gZW%m+d>>*A50;A=pia_gCsFDuvfKAN0@GBdW$t5G2PFS%S?Mnw<v}&Zw$6}yQ}!9(#&-+$ae3s%^Q~JsK-;eiqBsWj&2Ys>y$bEXI"
        "3-?sxS+R+dwv#waoD%>L`G-_+o3oXK$xI)_nQa$^}UNb*;Q&1Nl`Y08GI?!3(^AC`ziV3F2V>w5cy)n9tO(vo8m~O=PXSWbzXkD;os*v"
        "m+->I+0U3Q%jrHN3$A8bn05NyG!fZ*P*rRI<+^P|F8|{Y}1p;?qpv=ZzoyW9Iuq8Iq&}Xn%y7eT~S4J6xGbv@ZN}%A4@ksy-a6@jN>es"
        "V$YoS!Y(-!*tj4q$T-F|0j6?Ht!$BCdXZb*$$TTzIvO(NEkpG#(?88Rm$<ft`srZ2GIp=x_YhxLJaoUQ@ZQ)<{M^98xw^U6#tfS2JvB="
        "9@|i}PXcO13NjxyTT)1b*Tc!;^ohM->?)q-KFTZLmqmtPgrcO!Dj`&eh+_{q0g3Bw`D$R-TtY^ZL&r{Mya0{wyqpY)$8VcJ4+&-Lm1YL"
        "b~1AUeCL$1Ec`ZBn^N-gfn#^`)pK_z_n@ZrOU4<9~!{7-PcQk`$~0AD?vTR?^TUuT(8$^T9A&*Cuh^qirKX&-WwTR2<R`q_b?@Y)iawD"
        "JBIN*tlyEsP<<evFm9e(4q`R*z@XhVfswh05)}RF0p&x&QC93fL("
    )
)
OLD_PEOPLE = {A: ("Ana María",), B: ("Zoé",)}


def open_document(rows: list[list[str]]) -> bytes:
    """A workbook of LibreOffice with these rows of text."""
    cell = '<table:table-cell office:value-type="string"><text:p>{}</text:p></table:table-cell>'
    body = "".join(f"<table:table-row>{''.join(map(cell.format, row))}</table:table-row>" for row in rows)
    names = " ".join(
        f'xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"' for name in ("office", "table", "text")
    )
    content = (
        f"<office:document-content {names}><office:body><office:spreadsheet>"
        f'<table:table table:name="Hoja1">{body}</table:table>'
        "</office:spreadsheet></office:body></office:document-content>"
    )
    kind = "application/vnd.oasis.opendocument.spreadsheet"
    manifest = f"""<manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0">
        <manifest:file-entry manifest:full-path="/" manifest:media-type="{kind}"/></manifest:manifest>"""
    files = {"mimetype": kind, "content.xml": content, "META-INF/manifest.xml": manifest}
    return zipped({name: text.encode() for name, text in files.items()})


ROWS = "Número;Nombre;Apellido\r\n987763010;José;Núñez\r\n987763011;Zoë;Peña\r\n"
PEOPLE = {A: ("José", "Núñez"), B: ("Zoë", "Peña")}
EXCEL_ROWS = [["Teléfono", "Nombre", "Vence"], [987763010, "José", date(2026, 12, 5)], ["+51 987 763 011", "Zoë", 12.5]]
EXCEL_PEOPLE = {A: ("José", "", "", "", "05/12/2026"), B: ("Zoë", "", "", "", "12.5")}

TEXTS = (
    Nasty("UTF-8", ROWS.encode(), PEOPLE),
    Nasty("UTF-8 with a mark", ROWS.encode("utf-8-sig"), PEOPLE),
    Nasty("UTF-16 LE with a mark", b"\xff\xfe" + ROWS.encode("utf-16-le"), PEOPLE),
    Nasty("UTF-16 BE with a mark", b"\xfe\xff" + ROWS.encode("utf-16-be"), PEOPLE),
    Nasty("UTF-16 LE without", ROWS.encode("utf-16-le"), PEOPLE),
    Nasty("UTF-16 BE without", ROWS.encode("utf-16-be"), PEOPLE),
    Nasty("Windows-1252", ROWS.encode("cp1252"), PEOPLE),
    Nasty("Latin-1", ROWS.encode("latin-1"), PEOPLE),
    Nasty("DOS, as a person says", ROWS.encode("cp850"), PEOPLE, encoding="cp850"),
    Nasty("Mac, as a person says", ROWS.encode("mac-roman"), PEOPLE, encoding="mac-roman"),
    Nasty("commas", ROWS.replace(";", ",").encode(), PEOPLE),
    Nasty("tabs in a .txt", ROWS.replace(";", "\t").encode(), PEOPLE, name="lista.txt"),
    Nasty("bars", ROWS.replace(";", "|").encode(), PEOPLE),
    Nasty("Excel's own first line", b"sep=|\r\n" + ROWS.replace(";", "|").encode(), PEOPLE),
    Nasty("line feeds only", ROWS.replace("\r\n", "\n").encode(), PEOPLE),
    Nasty("returns only, as an old Mac", ROWS.replace("\r\n", "\r").encode(), PEOPLE),
    Nasty("no end of line at the end", ROWS.encode().rstrip(), PEOPLE),
    Nasty("DOS's end of file", ROWS.encode() + b"\x1a", PEOPLE),
    Nasty("blank lines between", ROWS.replace("\r\n", "\r\n\r\n;;\r\n").encode(), PEOPLE),
    Nasty(
        "line breaks, delimiters and quotes in quoted cells",
        b'Numero;Nombre;Direccion\n987763010;"Ana ""la jefa""";"Calle 1;\nPiso 2"\nabc;x;y\n987763011;Luis;"a\r\nb"\n',
        {A: ('Ana "la jefa"', "", "", "Calle 1;\nPiso 2"), B: ("Luis", "", "", "a\r\nb")},
        ((4, 1, "abc", "not_a_number"),),
    ),
    Nasty(
        "a quote that is never closed",
        b'987763010;"Ana;Ruiz\n987763011;Luis;Paz\n',
        {A: ('"Ana', "Ruiz"), B: ("Luis", "Paz")},
    ),
    Nasty(
        "every cell quoted", b'"Numero","Nombre"\n"987763010","Ana"\n"987763011","Luis"\n', {A: ("Ana",), B: ("Luis",)}
    ),
    Nasty("one column without a header", b"987763010\n987763011\n", {A: (), B: ()}),
    Nasty("only a header and one row", b"celular\n987763010\n", {A: ()}),
    Nasty(
        "nine columns in Portuguese",
        "Telefone,Nome,Sobrenome,Endereço,E-mail,a,b,c,d\n+51987763010,João,Sá,Rua 1,j@x.br,1,2,3,4\n".encode(),
        {A: ("João", "Sá", "j@x.br", "Rua 1", "1", "2", "3")},
    ),
    Nasty(
        "eight columns in English in another order",
        b"First Name,Last Name,Email,Address,Phone,Value 3,Value 2,Value 1\nAnn,Lee,a@x.pe,St 1,987763010,c,b,a\n",
        {A: ("Ann", "Lee", "a@x.pe", "St 1", "a", "b", "c")},
    ),
    Nasty("rows shorter than the header", b"numero,nombre,apellido\n987763010\n987763011,Zoe\n", {A: (), B: ("Zoe",)}),
    Nasty(
        "a row with a comma too many",
        b"numero,direccion\n987763010,Av. Peru 1, Lima\n987763011,x\n",
        {B: ("", "", "", "x")},
        ((2, 0, "987763010 Av. Peru 1  Lima", "too_many_cells"),),
    ),
    Nasty(
        "the same number in five ways: the last row counts",
        b"987763010,a\n+51 987-763-010,b\n0051987763010,c\n(51) 987.763.010,d\n'51987763010,e\n",
        {A: ("e",)},
    ),
    Nasty(
        "every way to be refused",
        b'numero,nombre\n5.19878E+10,a\n"5,19878E+10",b\n14445555,c\n+573001234567,d\n9877,e\n9877630109876,f\n'
        b",g\nx y,h\n987763010 / 987763011,i\n+519,j\n",
        {},
        (
            (2, 1, "5.19878E+10", "scientific"),
            (3, 1, "5,19878E+10", "scientific"),
            (4, 1, "14445555", "landline"),
            (5, 1, "+573001234567", "country_not_enabled"),
            (6, 1, "9877", "too_short"),
            (7, 1, "9877630109876", "too_long"),
            (8, 1, "", "empty"),
            (9, 1, "x y", "not_a_number"),
            (10, 1, "987763010 / 987763011", "not_a_number"),
            (11, 1, "+519", "too_short"),
        ),
    ),
    Nasty(
        "a cell of 256 characters",
        b"987763010,Ana\n987763011," + b"x" * 256 + b"\n",
        {A: ("Ana",)},
        ((2, 2, "x" * 100, "cell_too_long"),),
    ),
    Nasty(
        "NULs within",
        b"987763010,A" + b"\0" + b"na\n" + b"987763011,Luis\n" * 3,
        {A: ("Ana",), B: ("Luis",)},
        error=FileNotText,
    ),
    Nasty("formulas stay what they are", b'987763010,"=HYPERLINK(""x"")",@a\n', {A: ('=HYPERLINK("x")', "", "@a")}),
    Nasty(
        "invisible marks around the numbers",
        "numero,nombre\n\u202a+51 987 763 010\u202c,Ana\n\u200e987\u00a0763\u2011011,Luis\n".encode(),
        {A: ("Ana",), B: ("Luis",)},
    ),
    Nasty("decimals of a spreadsheet", b"51987763010.0;a\n51987763011,00;b\n", {A: ("a",), B: ("b",)}),
    Nasty("spaces around everything", b" numero ; nombre \n  987763010 ;  Ana  \n", {A: ("Ana",)}),
)
PACKED = (
    Nasty("gzip", gzip.compress(ROWS.encode("cp1252")), PEOPLE, name="lista.csv.gz"),
    Nasty("zip", zipped({"lista.csv": ROWS.encode()}), PEOPLE, name="lista.zip"),
    Nasty("zip, stored", zipped({"x/lista.txt": ROWS.encode()}, method=zipfile.ZIP_STORED), PEOPLE, name="a.zip"),
    Nasty(
        "zip with what a Mac adds",
        zipped({"__MACOSX/._lista.csv": b"\0\1", ".DS_Store": b"\0", "lista.csv": ROWS.encode()}),
        PEOPLE,
        name="a.zip",
    ),
    Nasty("zip with two lists: the second", zipped({"a.csv": b"987763012\n", "b.csv": ROWS.encode()}), PEOPLE, part=1),
    Nasty("zip with a workbook", zipped({"a.xlsx": workbook(EXCEL_ROWS)}), EXCEL_PEOPLE, name="a.zip"),
    Nasty("workbook", workbook(EXCEL_ROWS), EXCEL_PEOPLE, name="a.xlsx"),
    Nasty(
        "workbook of Excel 97 to 2003", OLD_WORKBOOK, OLD_PEOPLE, ((4, 1, "5,19989E+10", "scientific"),), name="a.xls"
    ),
    Nasty(
        "workbook of LibreOffice",
        open_document([["Número", "Nombre"], ["987763010", "José"], ["987 763 011", "Zoë"], ["014445555", "x"]]),
        {A: ("José",), B: ("Zoë",)},
        ((4, 1, "014445555", "landline"),),
        name="a.ods",
    ),
    Nasty("workbook, the second sheet", workbook([["nada"]], EXCEL_ROWS), EXCEL_PEOPLE, name="a.xlsx", part=1),
    Nasty("workbook that begins at C4", workbook(EXCEL_ROWS, first=(3, 2)), EXCEL_PEOPLE, name="a.xlsx"),
    Nasty(
        "workbook with odd cells",
        workbook(
            [
                ["Número", "Nombre", "Dato"],
                [51987763010.0, True, MOMENT],
                [None, None, None],
                ["5.19E+10", "x", 1],
                [987763011.5, "y", 2],
                [987763011, "z", 1e20],
            ]
        ),
        {A: ("1", "", "", "", "02/01/2026 03:04"), B: ("z", "", "", "", "1e+20")},
        ((4, 1, "5.19E+10", "scientific"), (5, 1, "987763011.5", "fraction")),
        name="a.xlsx",
    ),
)
REFUSED = (
    Nasty("nothing", b"", error=FileEmpty),
    Nasty("blank", b"\r\n \r\n", error=FileEmpty),
    Nasty("an image called csv", b"\x89PNG\r\n\x1a\n" + bytes(99), error=FileNotText, values={"kind": "png"}),
    Nasty(
        "a web page called xls",
        b"\xef\xbb\xbf <html><table><tr><td>987763010</td></tr></table></html>",
        name="a.xls",
        error=FileNotText,
        values={"kind": "html"},
    ),
    Nasty(
        "XML called xls",
        b'<?xml version="1.0"?>\n<Workbook><Cell>987763010</Cell></Workbook>',
        name="a.xls",
        error=FileNotText,
        values={"kind": "html"},
    ),
    Nasty(
        "a phone's address book",
        b"BEGIN:VCARD\r\nTEL:987763010\r\nEND:VCARD\r\n",
        error=FileNotText,
        values={"kind": "vcf"},
    ),
    Nasty("noise", bytes(range(256)) * 40, error=FileNotText, values={"kind": ""}),
    Nasty("51 columns", b",".join([b"987763010"] * 51), error=TooManyColumns, values={"limit": 50, "columns": 51}),
    Nasty("a line without end", b"9" * 200_000, error=LineTooLong, values={"limit": 100_000}),
    Nasty("three million lines", b"\n" * 3_000_000 + b"9\n", error=FileNotText),
    Nasty("a million and one rows", b"987763010\n" * 1_000_001, error=TooManyRows, values={"limit": 1_000_000}),
    Nasty("a zip in a zip", zipped({"a.zip": zipped({"b.csv": b"1"})}), error=FileNested),
    Nasty("a gzip in a gzip", gzip.compress(gzip.compress(ROWS.encode())), error=FileNested),
    Nasty("a zip with a password", encrypted_zip(), error=FileEncrypted),
    Nasty("a zip cut in half", zipped({"lista.csv": ROWS.encode() * 99})[:-60], error=FileBroken),
    Nasty("a gzip cut in half", gzip.compress(ROWS.encode())[:60], error=FileBroken),
    Nasty(
        "a zip with 21 lists",
        zipped({f"{n}.csv": b"987763010\n" for n in range(21)}),
        error=TooManyEntries,
        values={"limit": 20, "entries": 21},
    ),
    Nasty("a zip of pictures", zipped({"a.png": b"x"}), error=FileNotText, values={"kind": "zip"}),
    Nasty("a Word document", zipped({"word/document.xml": b"x"}), error=FileNotText, values={"kind": "docx"}),
    Nasty("a zip bomb", zipped({"a.csv": b"9" * 301_000_000}), error=UnpacksTooLarge, values={"limit": 300}),
    Nasty(
        "a zip that packs too well", zipped({"a.csv": b"9" * 50_000_000}), error=UnpacksTooMuch, values={"limit": 100}
    ),
    Nasty("a zip bomb that lies", lying_zip(), error=FileBroken),
    Nasty("a gzip bomb", gzip_bomb(), error=UnpacksTooMuch, values={"limit": 100}),
    Nasty("a workbook bomb", workbook_bomb(), error=UnpacksTooLarge, values={"limit": 300}, name="a.xlsx"),
    Nasty("a workbook cut in half", workbook(EXCEL_ROWS)[:3_000], error=FileBroken, name="a.xlsx"),
)
