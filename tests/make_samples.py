"""Write ``samples/``: invented exports of people who do not exist.

Run ``python tests/make_samples.py`` after a change; the files are committed, so that nobody needs it
to try the program.
"""

import csv
import datetime as dt
import io
import random
import sys
from pathlib import Path

import xlsxwriter

FOLDER = Path(__file__).parents[1] / "samples"
MADE = dt.datetime(2026, 8, 24, 9, 0, 0)  # noqa: DTZ001 - a workbook's own time has no zone
FIRST = [
    "Amara", "Bilal", "Chloé", "Dmitri", "Elif", "Farid", "Gwen", "Hélène", "Iker", "Jorun", "Kavya",
    "Liam", "Maëlle", "Noor", "Oskar", "Priya", "Quentin", "Rosa", "Søren", "Tomás", "Uma", "Viktor",
    "Wren", "Ximena", "Yusuf", "Zoë",
]  # fmt: skip
LAST = [
    "Abernathy", "Björklund", "Castellanos", "D'Amico", "Eriksen", "Fontaine", "Grzybowski", "Haddad",
    "Ivanova", "Jóhannsson", "Kowalczyk", "Lévesque", "MacAllister", "Nguyễn", "O'Rourke", "Pelletier",
    "Quinlan", "Rasmussen", "Šimek", "Thériault", "Usman", "Vandenberg", "Whitcombe", "Xiong", "Yamada",
    "Zielinski",
]  # fmt: skip
STREETS = [
    "Willow Lane",
    "Harbour Road",
    "Rue des Érables",
    "King Street W",
    "Quarry Hill",
    "Chemin du Lac",
]
CITIES = [("Fairhaven", "ON", "K7M 2T5"), ("Lac-aux-Pins", "QC", "J0T 1X0"), ("Eastmere", "NS", "B3J 3K5"),
          ("Millbrook", "ON", "L0A 1G0"), ("Granite Bay", "BC", "V8W 2Y2")]  # fmt: skip
STUDENT_HEADERS = [
    "SPRIDEN_ID", "SPRIDEN_LAST_NAME", "SPRIDEN_FIRST_NAME", "GOREMAL_EMAIL_ADDRESS",
    "SPRADDR_STREET_LINE1", "SPRADDR_STREET_LINE2", "SPRADDR_CITY", "SPRADDR_STAT_CODE", "SPRADDR_ZIP",
    "SPRTELE_PHONE_AREA", "SPRTELE_PHONE_NUMBER", "SPBPERS_BIRTH_DATE", "SGBSTDN_STYP_CODE",
    "SGBSTDN_STYP_DESC", "SGBSTDN_LEVL_CODE",
]  # fmt: skip
KINDS = [("F", "Full Time Student"), ("P", "Part Time Student"), ("E", "Exchange Student")]


def ascii_of(name):
    import unicodedata

    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    return "".join(letter for letter in plain.lower() if letter.isalpha())


def student(rng, number):
    first, last = rng.choice(FIRST), rng.choice(LAST)
    city, province, postal = rng.choice(CITIES)
    kind = rng.choices(KINDS, [8, 3, 1])[0]
    born = dt.date(2000, 1, 1) + dt.timedelta(days=rng.randrange(2900))
    unit = f"Unit {rng.randrange(1, 40)}" if rng.random() < 0.3 else ""
    return [
        number, last, first, f"{ascii_of(first)}.{ascii_of(last)}{number % 1000}@students.example",
        f"{rng.randrange(1, 400)} {rng.choice(STREETS)}", unit, city, province, postal,
        "555", f"{rng.randrange(200, 999)}-{rng.randrange(10000):04d}", born, *kind,
        rng.choice(["UG", "UG", "GR"]),
    ]  # fmt: skip


class Roster:
    """A student workbook as Banner reporting tools make it: a title block, then the header in row 4."""

    def __init__(self, path, title):
        self.book = xlsxwriter.Workbook(path)
        self.book.set_properties({"created": MADE, "author": "Registrar's Office"})
        self.sheet = self.book.add_worksheet("Students")
        bold = self.book.add_format({"bold": True})
        self.id = self.book.add_format({"num_format": "000000000"})
        self.date = self.book.add_format({"num_format": "yyyy-mm-dd"})
        self.sheet.write_string(0, 0, title, bold)
        self.sheet.write_string(1, 0, "Office of the Registrar. Run on 24 August 2026, 09:00")
        for column, header in enumerate(STUDENT_HEADERS):
            self.sheet.write_string(3, column, header, bold)
        self.sheet.set_column(0, len(STUDENT_HEADERS) - 1, 18)
        self.sheet.freeze_panes(4, 0)
        self.row = 4

    def add(self, cells):
        for column, value in enumerate(cells):
            if isinstance(value, dt.date):
                self.sheet.write_datetime(
                    self.row, column, dt.datetime.combine(value, dt.time()), self.date
                )
            elif isinstance(value, int):
                self.sheet.write_number(self.row, column, value, self.id)
            elif callable(value):
                value(self.sheet, self.row, column)
            elif value != "":
                self.sheet.write_string(self.row, column, value)
        self.row += 1

    def close(self):
        self.book.close()


def write_text(path, rows, encoding="utf-8-sig", delimiter=";"):
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=delimiter, lineterminator="\r\n").writerows(rows)
    path.write_bytes(text.getvalue().encode(encoding))


def make_students(path):
    rng = random.Random(20260824)
    roster = Roster(path, "Active students, fall 2026")
    numbers = rng.sample(range(1_000, 999_999), 60)
    for number in sorted(numbers):
        roster.add(student(rng, number))
    roster.add(["Total: 60"])
    roster.close()


def make_staff(path):
    rng = random.Random(7)
    rows = [["Matricule", "Nom", "Prénom", "Courriel", "Courriel personnel", "Adresse", "Ville",
                     "Province", "Code postal", "Cellulaire", "Téléphone bureau", "Date de naissance",
                     "Régime", "Service"]]  # fmt: skip
    latin = [name for name in LAST if name.encode("cp1252", "ignore").decode("cp1252") == name]
    for number in range(24):
        first, last = rng.choice(FIRST), rng.choice(latin)
        born = dt.date(1962, 1, 1) + dt.timedelta(days=rng.randrange(12_000))
        mail = f"{ascii_of(first)}.{ascii_of(last)}{number}@college.example"
        rows.append([
            f"{4_000 + 37 * number}", last, first, mail if number % 5 else "",
            f"{ascii_of(last)}{number}@courriel.example", f"{rng.randrange(1, 300)}, rue de l'Église",
            rng.choice(["Lac-aux-Pins", "Saint-Éloi"]), rng.choice(["Québec", "Ontario"]), "J0T 1X0",
            f"(555) {rng.randrange(200, 999)}-{rng.randrange(10000):04d}", f"poste {rng.randrange(100, 999)}",
            born.strftime("%d/%m/%Y"), rng.choice(["Temps plein", "Temps partiel"]),
            rng.choice(["Bibliothèque", "Sûreté", "Finances"]),
        ])  # fmt: skip
    write_text(path, rows, "cp1252")


def make_personnel(path):
    """A French extract of a personnel office that no shipped mapping fits, for `map`."""
    rng = random.Random(11)
    rows = [["No employé", "Nom de famille", "Prénom", "Courriel professionnel", "Cellulaire", "Tél. bureau",
                     "Adresse", "Ville", "Prov.", "C.P.", "Date naiss.", "Date d'embauche", "Statut", "Régime",
                     "Contact d'urgence", "NAS"]]  # fmt: skip
    for number in range(18):
        first, last = rng.choice(FIRST), rng.choice(LAST)
        born = dt.date(1965, 1, 1) + dt.timedelta(days=rng.randrange(11_000))
        rows.append([
            f"{1_200 + 7 * number:06d}", last, first, f"{ascii_of(first)}.{ascii_of(last)}{number}@college.example",
            f"(555) {rng.randrange(200, 999)}-{rng.randrange(10000):04d}", f"555-200-{rng.randrange(10000):04d}",
            f"{rng.randrange(1, 300)}, rue des Érables", rng.choice(["Lac-aux-Pins", "Saint-Éloi"]),
            rng.choice(["Qué.", "QC", "Ont.", "N.-B."]), "J0T 1X0", born.strftime("%d/%m/%Y"), "2015-08-24",
            "Fin d'emploi" if number % 9 == 4 else "Actif", rng.choice(["Temps plein", "Temps partiel"]),
            rng.choice(FIRST), f"000-000-{number:03d}",
        ])  # fmt: skip
    write_text(path, rows)


def make_parking_list(path):
    """A list that a parking office keeps by hand and no shipped mapping fits, for `map`."""
    rng = random.Random(13)
    rows = [["Tag #", "St", "Year Make Model", "Clr", "Driver", "Hang tag"]]
    cars = ["Toyota Corolla", "Honda Civic", "Ford Escape", "Subaru Outback"]
    for number in range(12):
        tag = "".join(rng.choice("ABCDEFGHJK") for _ in range(4)) + f" {rng.randrange(100, 999)}"
        rows.append([tag, rng.choice(["ON", "Ont.", "QC"]), f"{rng.randrange(2008, 2026)} {rng.choice(cars)}",
                         rng.choice(["Red", "Blue", "Grey"]), f"{rng.choice(FIRST)} {rng.choice(LAST)}", f"H-{100 + number}"])  # fmt: skip
    rows.append(["Total: 12", "", "", "", "", ""])
    write_text(path, rows, delimiter=",")


def make_problems(path):
    """Write one row a kind of problem; the last name says which."""
    rng = random.Random(99)
    roster = Roster(path, "One row for each kind of problem")
    at = {header: column for column, header in enumerate(STUDENT_HEADERS)}

    def row(number, last, **cells):
        values = student(rng, number)
        values[1] = last
        values[3] = f"row{number}@students.example"
        for header, value in cells.items():
            values[at[header]] = value
        return values

    first = row(7_001, "Allright")
    rows = [
        first,
        row(7_002, "Noid", SPRIDEN_ID=""),
        row(7_003, "X" * 51),
        row(7_004, "Badmail", GOREMAL_EMAIL_ADDRESS="no address at all"),
        row(7_005, "Nomail", GOREMAL_EMAIL_ADDRESS=""),
        row(7_006, "Samemail", GOREMAL_EMAIL_ADDRESS="row7001@students.example"),
        row(7_007, "Badprovince", SPRADDR_STAT_CODE="Ontari"),
        row(7_008, "Abroad", SPRADDR_STAT_CODE="ZZ"),
        row(7_009, "Badbirthday", SPBPERS_BIRTH_DATE="31-FEB-2004"),
        row(7_010, "Ambiguousbirthday", SPBPERS_BIRTH_DATE="03/04/2004"),
        row(7_011, "Unborn", SPBPERS_BIRTH_DATE=dt.date(2090, 1, 1)),
        row(7_012, "Unknowntype", SGBSTDN_STYP_DESC="Alumni"),
        row(7_013, "Longpostal", SPRADDR_ZIP="K7M 2T5 and much more text"),
        row(7_001, "Sameid"),
        first,
        row(7_016, "Errorcell", SPRADDR_CITY=lambda s, r, c: s.write_formula(r, c, "=NA()", None, "#N/A")),
        row(7_017, "Longnumber", SPRIDEN_ID=lambda s, r, c: s.write_number(r, c, 12345678901234567)),
        row(7_018, "=HYPERLINK(1)"),
    ]  # fmt: skip
    for cells in rows:
        roster.add(cells)
    roster.add(["Total: 18"])
    roster.close()


NEW_STAFF = """\
Employee ID,Last Name,First Name,Work Email,Mobile,Department,Hired,Status
204417,Abernathy,Wren,wren.abernathy@campus.example,(555) 210-4417,Library,2026-08-17,Active
204431,Björklund,Søren,soren.bjorklund@campus.example,(555) 210-4431,Registrar,2026-08-17,Active
204438,Castellanos,Rosa,rosa.castellanos@campus.example,(555) 210-4438,Library,2026-08-24,Active
204452,D'Amico,Jorun,jorun.damico@campus.example,(555) 210-4452,Athletics,2026-08-24,Active
204459,Haddad,Tomás,tomas.haddad@campus.example,(555) 210-4459,Facilities,2026-08-31,Active
204466,Nguyễn,Amara,amara.nguyen@campus.example,(555) 210-4466,Registrar,2026-08-31,Left
204473,Okafor,Chidi,chidi.okafor at campus.example,(555) 210-4473,Facilities,2026-08-31,Active
204480,Šimek,Uma,uma.simek@campus.example,(555) 210-4480,Library,2026-09-08,Active
"""
"""A short list without a mapping, with one address to correct, for the guide of the first day."""


def main(folder=FOLDER):
    folder.mkdir(exist_ok=True)
    make_students(folder / "banner-students.xlsx")
    make_staff(folder / "banner-staff.csv")
    make_problems(folder / "students-with-problems.xlsx")
    make_personnel(folder / "personnel-2026-09-01.csv")
    make_parking_list(folder / "parking-list.csv")
    (folder / "new-staff.csv").write_text(NEW_STAFF, encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER)
