"""Settings: where each comes from, and what is said of those that are wrong."""

import pytest
from commanding import POSIX

from importer.credentials import find_token
from importer.errors import SettingsError
from importer.settings import DEFAULT_HOST, Settings, load_settings


def write(folder, text):
    (folder / "opscom.yaml").write_text(text, encoding="utf-8")


def refusal(folder, environ=None, **options):
    with pytest.raises(SettingsError) as told:
        load_settings(folder, environ or {}, **options)
    assert told.value.exit_code == 5
    return str(told.value)


# Order


@pytest.mark.parametrize("text", [None, "", "\ufeff# as Notepad saves it\n\n  # indented\n"])
def test_without_anything_the_defaults_count(tmp_path, text):
    if text is not None:
        write(tmp_path, text)
    assert load_settings(tmp_path, {}) == Settings(
        host=DEFAULT_HOST, plate_host="", client="", workers=4, timeout=60.0
    )


TOLD = [
    ("host", "OPSCOM_HOST", "https://option.example", "https://environ.example"),
    ("plate_host", "OPSCOM_PLATE_HOST", "https://option.example", "https://environ.example"),
    ("client", "OPSCOM_CLIENT", "OC-0012", "OC_X"),
    ("workers", "", 9, None),
    ("rate", "", 2.5, None),
    ("timeout", "", 7.5, None),
]


@pytest.mark.parametrize(("name", "variable", "option", "environ"), TOLD, ids=str)
def test_an_option_goes_before_the_environment_and_that_before_the_file(
    tmp_path, name, variable, option, environ
):
    file = {"workers": 2, "rate": 3.5, "timeout": 30.0}.get(name, "https://file.example")
    write(tmp_path, f"\ufeff{name}: {file}\n")
    told = {variable: environ} if environ else {}
    assert getattr(load_settings(tmp_path, told, **{name: option}), name) == option
    assert getattr(load_settings(tmp_path, told), name) == (environ or file)
    assert getattr(load_settings(tmp_path, {variable: ""}), name) == file


def test_fields_are_named_as_the_vendor_names_them(tmp_path):
    write(tmp_path, "users: {required: [email, state]}")
    assert load_settings(tmp_path, {}).required == {"users": ("email", "province")}


# What is wrong


def test_all_faults_are_told_at_once_each_with_its_line_and_the_nearest_name(tmp_path):
    write(
        tmp_path,
        "clinet: OC_TEST\n"
        "workers: 0.5\n"
        "rate: fast\n"
        "host: http://opscom.example\n"
        "timeout: -1\n"
        "users:\n"
        "  required: [email, first_nam]\n",
    )
    assert refusal(tmp_path).splitlines() == [
        "opscom.yaml, line 1, clinet: there is no such key. Did you mean client?",
        "opscom.yaml, line 2, workers: this must be a whole number from 1 to 64.",
        "opscom.yaml, line 3, rate: this must be a number above 0 and at most 1,000,000.",
        "opscom.yaml, line 5, timeout: this must be a number above 0 and at most 1,000,000.",
        (
            "opscom.yaml, line 7, users.required[2]: users have no field first_nam. "
            "Did you mean first_name?"
        ),
        (
            "The host http://opscom.example would get the API token unencrypted. "
            "Write https:// instead of http://."
        ),
    ]


TWICE = "token: s3cret-Canary\ntoken: s3cret-Canary"
BROKEN = ['token: "s3cret', "token: s3cret: more", TWICE, "- s3cret", "s3cret", "token: [s3cret"]


@pytest.mark.parametrize("text", BROKEN)
def test_a_broken_file_is_refused_without_repeating_what_it_holds(tmp_path, text):
    write(tmp_path, text + "\n")
    message = refusal(tmp_path)
    assert message.startswith("opscom.yaml, line ")
    assert "s3cret" not in message


TOKENS = ["token", "apiToken", "OPSCOM_API_TOKEN"]
WANTED = {
    "workers: this must be a whole number from 1 to 64.": "0 65 2.5 -1 nan 1e1",
    "rate: this must be a number above 0 and at most 1,000,000.": "0 -3 nan inf soon",
}
WRONG = {
    **{
        f"{key}: s3cret-Canary": f"{key}: the API token must not stand here. Take it out, and keep it with "
        "`opscom-import login`, set OPSCOM_API_TOKEN, or name a file that only you can read as `token_file:`."
        for key in TOKENS
    },
    **{
        f"{said.partition(':')[0]}: {value}": said
        for said, values in WANTED.items()
        for value in values.split()
    },
    "users: email": "users: keys with values are wanted here, like {a: b}.",
    "users: {required: email}": "users.required: a list is wanted here, like [A, B].",
    "users: {required: [email], other: x}": "users.other: there is no such key.",
}


@pytest.mark.parametrize(("text", "said"), WRONG.items(), ids=WRONG)
def test_a_token_and_a_value_of_a_wrong_form_are_told_what_is_wanted(tmp_path, text, said):
    write(tmp_path, text + "\n")
    assert refusal(tmp_path) == f"opscom.yaml, line 1, {said}"


def test_a_folder_in_the_place_of_the_file_is_said(tmp_path):
    (tmp_path / "opscom.yaml").mkdir()
    message = refusal(tmp_path)
    assert message.startswith(f"{tmp_path / 'opscom.yaml'} cannot be read (")
    assert message.endswith("Check what it is and who may read it.")


# Hosts


FAULTS = {
    " {host} would get the API token unencrypted. Write https:// instead of http://.": (
        "http://opscom.example http://10.0.0.4:8765 http://127.0.0.1.example http://localhost.example "
        "http://0.0.0.0"
    ),
    f" {{host}} is no URL. Write it like {DEFAULT_HOST}.": (
        "opscom.example ftp://opscom.example https://x:port https://*.example"
    ),
    f" holds more than a host. Write it like {DEFAULT_HOST}.": (
        "https://opscom.example/api https://opscom.example?t=s3cret"
    ),
    f" holds a user name or password. Write it like {DEFAULT_HOST}.": "https://a:b@opscom.example",
}


@pytest.mark.parametrize(
    ("host", "fault"), [(host, fault) for fault, hosts in FAULTS.items() for host in hosts.split()]
)
def test_what_is_no_host_or_would_get_the_token_unencrypted_is_refused(tmp_path, host, fault):
    fault = fault.format(host=host)
    assert refusal(tmp_path, {"OPSCOM_HOST": host}) == f"The host{fault}"
    assert refusal(tmp_path, plate_host=host) == f"The plate host{fault}"


# The token


FILE = Settings(token_file="token.txt")


def find(folder, settings=FILE, environ=None, ask=None):
    return find_token(settings, folder, environ or {}, ask)


def no_token(*given, **more):
    with pytest.raises(SettingsError) as told:
        find(*given, **more)
    return str(told.value)


def secret_file(folder, content=b"\xef\xbb\xbffile-token\r\n", mode=0o600):
    (folder / "token.txt").write_bytes(content)
    (folder / "token.txt").chmod(mode)
    return folder / "token.txt"


def test_the_environment_goes_before_the_file_and_that_before_a_question(tmp_path):
    secret_file(tmp_path)
    asked, longest = [], "x" * 50

    def ask():
        asked.append("once")
        return "typed-token\n"

    assert find(tmp_path, FILE, {"OPSCOM_API_TOKEN": f" {longest} "}, ask) == longest
    assert find(tmp_path, FILE, {}, ask) == "file-token"
    assert asked == []
    assert find(tmp_path, Settings(), {}, ask) == "typed-token"


@POSIX
@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o611], ids=oct)
def test_a_token_file_that_others_can_reach_is_refused(tmp_path, mode):
    path = secret_file(tmp_path, mode=mode)
    assert no_token(tmp_path) == (
        f"The token file {path} can be read by others on this machine. "
        f"Make it yours alone: chmod 600 {path}"
    )


def test_a_token_file_that_is_not_there_is_said(tmp_path):
    assert no_token(tmp_path) == (
        f"The token file {tmp_path / 'token.txt'} cannot be read. Check its name in opscom.yaml; the file "
        "holds the API token and nothing else."
    )


@pytest.mark.parametrize(
    "token", ["x" * 51, "two words", "zero\x00byte", "no\u00a0break"], ids=repr
)
def test_a_token_of_a_wrong_form_is_refused_and_not_repeated(tmp_path, token):
    assert no_token(tmp_path, environ={"OPSCOM_API_TOKEN": token}) == (
        "The API token in OPSCOM_API_TOKEN is not valid: a token has 1 to 50 characters and no blanks. "
        "Copy it again from OPSCOM's message."
    )
