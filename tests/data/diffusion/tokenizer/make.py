"""Makes a CLIP tokenizer cut to its first merges, 1,000 prompts, and the ids that transformers gives them.

    python make.py BPE    BPE: CLIP's bpe_simple_vocab_16e6.txt.gz, as the wheel of open_clip_torch holds it

Writes vocab.json, merges.txt, tokenizer_config.json, special_tokens_map.json (of Stable Diffusion 1.5) and prompts.json.
A prompt is a text, or a list of bytes where it is no UTF-8. Its ids lack start, end and padding; "ids2" are those with
the special tokens of Stable Diffusion 2 where they differ ("!" is the padding token, so "!" never joins a word).
The small pipelines beside this folder get a tokenizer of 1,000 tokens each.
With --all VOCABULARY the ids of the uncut vocabulary are written too, beside it.
"""
import gzip
import json
import random
import sys
import tempfile
import unicodedata
from pathlib import Path

from transformers import CLIPTokenizer

HERE = Path(__file__).parent
MERGES = 2000


def letters():
    seen = [*range(33, 127), *range(161, 173), *range(174, 256)]
    hidden = [b for b in range(256) if b not in seen]
    return [chr(b) for b in seen] + [chr(256 + i) for i in range(len(hidden))]


def special(content):
    return {"content": content, "lstrip": False, "normalized": True, "rstrip": False, "single_word": False}


def write_tokenizer(folder, merges, pad):
    tokens = letters()
    tokens += [t + "</w>" for t in tokens]
    tokens += ["".join(m.split()) for m in merges]
    tokens += ["<|startoftext|>", "<|endoftext|>"]
    vocab = {t: i for i, t in enumerate(tokens)}
    assert len(vocab) == len(tokens)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "vocab.json").write_text(json.dumps(vocab, ensure_ascii=False, separators=(",", ":")), "utf-8")
    (folder / "merges.txt").write_text("#version: 0.2\n" + "\n".join(merges) + "\n", "utf-8")
    start, end = special("<|startoftext|>"), special("<|endoftext|>")
    (folder / "special_tokens_map.json").write_text(json.dumps(
        {"bos_token": start, "eos_token": end, "pad_token": pad, "unk_token": end}, indent=2) + "\n")
    kind = {"__type": "AddedToken"}
    (folder / "tokenizer_config.json").write_text(json.dumps(
        {"add_prefix_space": False, "bos_token": kind | start, "do_lower_case": True, "eos_token": kind | end,
         "errors": "replace", "model_max_length": 77, "pad_token": "<|endoftext|>", "tokenizer_class": "CLIPTokenizer",
         "unk_token": kind | end}, indent=2) + "\n")


CHOSEN = [
    "", " ", "\t\n ", "a", "A", "a photo of a cat", "A  Photo   of\ta\nCAT", "it's we're they've I'm he'll she'd don't",
    "IT'S WE'RE", "it ' s", "''s's", "'S", "!'s", "rock'n'roll", "l'été où l’on rêve", "“quoted” ‘text’…", "3.14 2,000 10%",
    "12345 ½ ² ⅷ ① ٣ 五", "!!!", "wow!", "wow !", "a!b  c!", "!?!", "¡hola!", "<|endoftext|>", "<|startoftext|> x <|endoftext|> y",
    "<|ENDOFTEXT|>", "<|StartOfText|>x", "<|endoftext|", "<|endoftext|><|endoftext|>", "x<|endoftext|>y", "<|endof text|>",
    "Straße STRASSE ẞ", "İstanbul Iğdır ısı", "ΣΊΣΥΦΟΣ σίσυφος", "ſ K Å Ω", "ﬁ ﬀ ﬆ", "Ǆ ǅ ǆ Ǉ", "É É é é", "Å Å",
    "n\u0303 o\u0308 \u1100\u1161\u11a8 한글", "a\u0301\u0327 a\u0327\u0301", "\u0301 x", "क्षि ন্ত กำ ไทย", "日本語の写真、猫。", "中文 照片", "русский КОТ",
    "قطة على السطح", "שָׁלוֹם", "😀", "😀😀 👨‍👩‍👧‍👦 🏳️‍🌈 👍🏽 🇩🇪", "☕️ tea", "a\u200bb", "a\u00a0b\u2003c\u3000d", "a\u0085b\u2028c\u2029d",
    "\u00ad soft\u00adhyphen", "\ufeffbom", "a\x01b\x7fc\x1f", "\x0b\x0c\x1c\x1d", "#hash @at $5 & co. (x) [y] {z}", "foo_bar-baz/qux\\quux",
    "https://example.org/?q=1&r=%20", "e=mc² ∑ ∫ √2 ≈ 1.41", "→ ← ↔ ⇒", "𝔘𝔫𝔦𝔠𝔬𝔡𝔢 𝟙𝟚", "\U0010ffff \ue000 \ufffd", "ab\u0000c"[:2],
    "word " * 80, "a" * 300, "é" * 100, "1" * 90, "!" * 120, "猫" * 60, "supercalifragilisticexpialidocious " * 12,
    ". " * 75, "x " * 74, "x " * 75, "x " * 76, "x " * 75 + "'s",
]
BROKEN = [
    b"\xff", b"a\x80b", b"\xc3", b"caf\xc3", b"\xc0\xaf", b"\xe2\x82", b"\xe2\x82x", b"\xed\xa0\x80", b"\xf0\x9f\x98",
    b"\xf0\x9f\x98\x80\x80", b"\xf4\x90\x80\x80", b"\xf5\x80", b"\xe0\x80\x80", b"\xf0\x80\x80\x80", b"latin-1 \xe9t\xe9",
    b"\xfe\xff", b"ok \xc3\xa9 \xc3", b"\xe2\x28\xa1", b"\xf0\x28\x8c\xbc", b"x\xf8\x88\x80\x80\x80y",
]
WORDS = """a an the photo picture of man woman child dog cat horse train bus bicycle kitchen table plate pizza sitting standing
riding on in under beside with and two three red blue green large small wooden old street field beach snow mountain river
sky clouds Paris London Tokyo sunset portrait painting oil watercolor detailed realistic trending artstation 4k HDR f/1.8
surfboard skateboard giraffe zebra elephant umbrella laptop keyboard toothbrush refrigerator it's don't we're I'd you'll""".split()
FOREIGN = """Katze über Straße naïve café Ångström żółć čeština ñandú œuvre привет мир картина Ελλάδα γάτα 猫 写真 犬 東京 한국 고양이
صورة قطة תמונה रंग बिल्ली ภาพ แมว ფოტო հայ ἀρχή việt nam İzmir""".split()
MARKS = [".", ",", "!", "?", "...", "-", "--", ":", ";", "'", '"', "(", ")", "/", "😀", "🎨", "❤️", "👩‍🚀", "#", "&", "%", "1", "42", "2023"]
BLANKS = [" "] * 12 + ["  ", "\t", "\n", "\u00a0", "\u2009", ""]


def known(c):
    """Assigned in Unicode 3.2: newer characters differ between the tables of libraries."""
    return unicodedata.ucd_3_2_0.category(chr(c)) not in ("Cn", "Cs")


def prompts():
    r = random.Random(4)
    texts = [*CHOSEN]
    ranges = [(1, 0x300), (0x300, 0x370), (0x370, 0x600), (0x600, 0x900), (0x900, 0x1200), (0x1100, 0x1200), (0x1E00, 0x2100),
              (0x2100, 0x3100), (0x3000, 0xA000), (0xAC00, 0xD7A4), (0xF900, 0x10000), (0x10300, 0x10450), (0x1D100, 0x1D800)]
    pools = [[c for c in range(*x) if known(c)] for x in ranges]
    while len(texts) < 560:
        words = [r.choice(WORDS) for _ in range(r.randint(2, 14))]
        texts.append(" ".join(words) if r.random() < .5 else " ".join(w.title() if r.random() < .3 else w for w in words) + r.choice(MARKS))
    while len(texts) < 800:
        parts = [r.choice(r.choice([WORDS, FOREIGN, MARKS])) for _ in range(r.randint(2, 10))]
        text = "".join(p + r.choice(BLANKS) for p in parts)
        texts.append(unicodedata.normalize(r.choice(["NFC", "NFD"]), text) if r.random() < .7 else text.upper())
    while len(texts) < 1000 - len(BROKEN) - 20:
        pool = r.choice(pools)
        texts.append("".join(chr(r.choice(pool if r.random() < .8 else r.choice(pools))) for _ in range(r.randint(1, 12))))
    broken = [*BROKEN]
    while len(broken) < 20 + len(BROKEN):
        data = bytearray(r.choice(texts[100:800]).encode())
        for _ in range(r.randint(1, 4)):
            data[r.randrange(len(data))] = r.randint(1, 255)
        broken.append(bytes(data))
    return [t.encode() for t in texts] + broken


def ids(tokenizer, text):
    out = tokenizer(text.decode(errors="replace"), padding="max_length", max_length=77, truncation=True).input_ids
    assert len(out) == 77 and out[0] == tokenizer.bos_token_id
    whole = tokenizer(text.decode(errors="replace")).input_ids
    n = min(len(whole) - 2, 75)
    assert out[n + 1] == tokenizer.eos_token_id and set(out[n + 2:]) <= {tokenizer.pad_token_id}
    return out[1:n + 1], len(whole) - 2 - n


def as_json(text):
    try:
        return text.decode()
    except UnicodeDecodeError:
        return list(text)


def write_prompts(path, one, two):
    rows = []
    for text in prompts():
        kept, cut = ids(one, text)
        row = {"text": as_json(text), "ids": kept}
        if cut:
            row["cut"] = cut
        if ids(two, text)[0] != kept:
            row["ids2"], row["cut2"] = ids(two, text)
        rows.append(json.dumps(row, separators=(",", ":")))
    assert len(rows) == 1000
    path.write_text("[\n" + ",\n".join(rows) + "\n]\n")


def main():
    merges = gzip.open(sys.argv[1]).read().decode().split("\n")[1:49152 - 256 - 2 + 1]
    write_tokenizer(HERE, merges[:MERGES], "<|endoftext|>")
    with tempfile.TemporaryDirectory() as name:
        second = Path(name)
        write_tokenizer(second, merges[:MERGES], "!")
        write_prompts(HERE / "prompts.json", CLIPTokenizer.from_pretrained(HERE), CLIPTokenizer.from_pretrained(second))
    write_tokenizer(HERE.parent / "sd15-small/tokenizer", merges[:1000 - 514], "<|endoftext|>")
    write_tokenizer(HERE.parent / "sd2-small/tokenizer", merges[:1000 - 514], "!")
    if len(sys.argv) == 4 and sys.argv[2] == "--all":
        whole = Path(sys.argv[3])
        write_tokenizer(whole, merges, "<|endoftext|>")
        write_tokenizer(whole / "two", merges, "!")
        write_prompts(whole / "prompts.json", CLIPTokenizer.from_pretrained(whole), CLIPTokenizer.from_pretrained(whole / "two"))


main()
