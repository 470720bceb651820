import io
import os
import tarfile
from pathlib import Path

import fsspec
import pytest

from unetdoctor.data.files import ReadError, SourceError, read
from unetdoctor.data.pairing import Pair, Pairing, paired


def make(root: Path, *names: str) -> Path:
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(name.encode())
    return root


def shown(pairing: Pairing, root: Path | str = "") -> list[tuple[str, str]]:
    def name(file: object) -> str:
        address: str = getattr(file, "address", "")
        return address.replace(f"{root}/", "") if root else address

    with pairing:
        return [(name(pair.image), name(pair.mask)) for pair in pairing.pairs()]


def listed(pairing: Pairing) -> list[Pair]:
    with pairing:
        return list(pairing.pairs())


def test_parallel_folders_with_folders_in_them(tmp_path: Path) -> None:
    make(tmp_path, "images/train/a.jpg", "images/val/a.jpg", "masks/train/a.png", "masks/val/a_mask.png")
    found = shown(paired(f"{tmp_path}/images", f"{tmp_path}/masks"), tmp_path)
    assert found == [("images/train/a.jpg", "masks/train/a.png"), ("images/val/a.jpg", "masks/val/a_mask.png")]


def test_masks_that_are_not_named_are_found_in_the_same_tree(tmp_path: Path) -> None:
    make(tmp_path, "train/images/a.jpg", "train/masks/a.png", "val/images/b.jpg", "val/masks/b.png")
    with paired(str(tmp_path)) as pairing:
        assert pairing.has_masks
        assert pairing.masks_from == "found among the images by their names"
        assert len(pairing) == 2


def test_masks_that_are_not_named_are_found_in_the_folder_beside(tmp_path: Path) -> None:
    make(tmp_path, "images/train/a.jpg", "masks/train/a.png", "masks/val/b.png")
    with paired(f"{tmp_path}/images/train") as pairing:
        assert pairing.masks_from == f"found in {tmp_path}/masks/train"
        assert shown(pairing, tmp_path) == [("images/train/a.jpg", "masks/train/a.png")]


def test_a_pattern_of_images_finds_the_folder_beside(tmp_path: Path) -> None:
    make(tmp_path, "images/a.jpg", "masks/a.png")
    assert shown(paired(f"{tmp_path}/images/*.jpg"), tmp_path) == [("images/a.jpg", "masks/a.png")]


def test_masks_beside_one_image_leave_the_others_out(tmp_path: Path) -> None:
    make(tmp_path, "a.jpg", "a_mask.png", "b_mask.png", "c.jpg")
    assert shown(paired(f"{tmp_path}/a.jpg"), tmp_path) == [("a.jpg", "a_mask.png")]


def test_two_single_files_are_a_pair_whatever_their_names(tmp_path: Path) -> None:
    make(tmp_path, "x.jpg", "y.png")
    assert shown(paired(f"{tmp_path}/x.jpg", f"{tmp_path}/y.png"), tmp_path) == [("x.jpg", "y.png")]


def test_several_sources_are_taken_together(tmp_path: Path) -> None:
    make(tmp_path, "a.jpg", "b.jpg", "m/b.png", "m/a.png", "m/c.png")
    found = shown(paired([f"{tmp_path}/a.jpg", f"{tmp_path}/b.jpg"], [f"{tmp_path}/m"]), tmp_path)
    assert found == [("a.jpg", "m/a.png"), ("b.jpg", "m/b.png")]


def test_two_places_for_masks_are_not_guessed_between(tmp_path: Path) -> None:
    make(tmp_path, "images/a.jpg", "masks/a.png", "labels/a.png")
    with pytest.raises(SourceError, match=r"may lie in .*labels or .*masks; say which") as caught:
        paired(f"{tmp_path}/images")
    assert caught.value.commands[0].startswith("unetdoctor audit")


def test_two_masks_for_an_image_are_not_guessed_between(tmp_path: Path) -> None:
    make(tmp_path, "images/a.jpg", "masks/a_mask.png", "masks/a_label.png")
    (pair,) = listed(paired(f"{tmp_path}/images", f"{tmp_path}/masks"))
    assert pair.mask is None
    assert [Path(name).name for name in pair.rivals] == ["a_label.png", "a_mask.png"]
    with paired(f"{tmp_path}/images", f"{tmp_path}/masks") as pairing:
        count, (words,) = pairing.ambiguous()
        assert count == 1
        masks = f"{tmp_path}/masks/a_label.png, {tmp_path}/masks/a_mask.png"
        assert words == f"{tmp_path}/images/a.jpg has several masks: {masks}"


def test_a_mask_of_two_images_is_said(tmp_path: Path) -> None:
    make(tmp_path, "images/a.jpg", "images/a.png", "images/b.png", "masks/a.png", "masks/b.png")
    with paired(f"{tmp_path}/images", f"{tmp_path}/masks") as pairing:
        images = f"{tmp_path}/images/a.jpg, {tmp_path}/images/a.png"
        assert pairing.ambiguous() == (2, (f"{tmp_path}/masks/a.png is the mask of several images: {images}",))


def test_the_surer_rule_comes_first(tmp_path: Path) -> None:
    make(tmp_path, "images/a.jpg", "images/a_image.jpg", "masks/a.png", "masks/a_image_mask.png")
    found = shown(paired(f"{tmp_path}/images", f"{tmp_path}/masks"), tmp_path)
    assert found == [("images/a.jpg", "masks/a.png"), ("images/a_image.jpg", "masks/a_image_mask.png")]


def test_nothing_without_a_partner_is_left_out(tmp_path: Path) -> None:
    make(tmp_path, "images/a.jpg", "images/b.jpg", "masks/b.png", "masks/c.png")
    found = shown(paired(f"{tmp_path}/images", f"{tmp_path}/masks"), tmp_path)
    assert found == [("images/a.jpg", ""), ("images/b.jpg", "masks/b.png"), ("", "masks/c.png")]


def test_folders_are_left_aside_where_they_have_nothing_in_common(tmp_path: Path) -> None:
    make(tmp_path, "photos/monday/a.jpg", "photos/tuesday/b.jpg", "truth/a.png", "truth/b.png")
    assert len([p for p in listed(paired(f"{tmp_path}/photos", f"{tmp_path}/truth")) if p.mask]) == 2


def test_images_and_masks_in_one_folder_are_told_apart_by_patterns(tmp_path: Path) -> None:
    make(tmp_path, "a.png", "a_sem.png", "b.png", "b_sem.png")
    found = shown(paired(str(tmp_path), f"{tmp_path}/*_sem.png"), tmp_path)
    assert [image for image, _ in found if image] == ["a.png", "b.png"]


def test_names_that_only_look_like_masks_stay_images(tmp_path: Path) -> None:
    make(tmp_path, "bottle_label.jpg", "jar_label.jpg")
    with paired(str(tmp_path)) as pairing:
        assert not pairing.has_masks
        assert len(pairing) == 2


def test_what_is_no_picture_is_counted(tmp_path: Path) -> None:
    make(tmp_path, "a.jpg", "notes.txt", "more.txt", "x/Thumbs.db", ".hidden.png", "__MACOSX/._a.jpg")
    with paired(str(tmp_path)) as pairing:
        assert len(pairing) == 1
        assert {name: count for name, (count, _) in pairing.others().items()} == {".db": 1, ".txt": 2}


def test_order_and_fingerprint_depend_on_files_alone(tmp_path: Path) -> None:
    make(tmp_path, *(f"images/{i}.jpg" for i in range(30)), *(f"masks/{i}.png" for i in range(30)))
    with paired(f"{tmp_path}/images", f"{tmp_path}/masks") as first, paired(f"{tmp_path}/images") as second:
        assert list(first.pairs()) == list(second.pairs())
        before = first.fingerprint()
        assert before == second.fingerprint()
        assert list(first.pairs(10, 5)) == list(first.pairs())[10:15]
    (tmp_path / "masks" / "7.png").write_bytes(b"changed")
    with paired(f"{tmp_path}/images", f"{tmp_path}/masks") as third:
        assert third.fingerprint() != before


def test_a_sample_is_the_same_for_the_same_seed(tmp_path: Path) -> None:
    make(tmp_path, *(f"{i}.jpg" for i in range(50)))
    drawn = [shown(paired(str(tmp_path), sample=10, seed=seed)) for seed in (1, 1, 2)]
    assert len(drawn[0]) == 10
    assert drawn[0] == drawn[1] != drawn[2]
    assert drawn[0] == sorted(drawn[0])


def test_names_of_any_bytes_come_back(tmp_path: Path) -> None:
    for name in (b"new\nline.png", b"\x1b[31mred.png", b"\xff\xfe.png", 'münch, "x";.png'.encode()):
        Path(os.fsdecode(os.fsencode(tmp_path) + b"/" + name)).write_bytes(b"x")
    for pair in listed(paired(str(tmp_path))):
        assert pair.image is not None
        assert read(pair.image) == b"x"


def test_a_loop_of_links_is_seen(tmp_path: Path) -> None:
    make(tmp_path, "a/x.png")
    (tmp_path / "a" / "again").symlink_to(tmp_path, target_is_directory=True)
    with paired(str(tmp_path)) as pairing:
        assert len(pairing) == 1
        assert [trouble.reason for trouble in pairing.troubles()] == ["a link to a folder that is listed already"]


def test_a_broken_link_and_a_pipe_are_files_that_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "broken.png").symlink_to("nowhere.png")
    os.mkfifo(tmp_path / "pipe.png")
    reasons = []
    for pair in listed(paired(str(tmp_path))):
        assert pair.image is not None
        with pytest.raises(ReadError) as caught:
            read(pair.image)
        reasons.append(str(caught.value))
    assert reasons == ["there is no such file", "a pipe or socket, not a file"]


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ("empty", "empty is empty"),
        ("imagse", "Did you mean images?"),
        ("nowhere/x", "there is no folder nowhere"),
        ("texts", r"holds no picture: 1 file of other kinds, such as texts.a\.txt"),
        ("other/a.txt2", "is no picture by its ending"),
        ("*.png", r"No picture matches \*\.png"),
        ("nowhere/*.png", "there is no folder nowhere"),
        ("", "IMAGES is empty"),
        ("pipe", "a pipe or socket, not a file"),
        ("a\0b", "There is no file"),
        ("nope://x/y", "cannot be opened|not installed|Protocol not known"),
    ],
)
def test_a_source_without_pictures_is_one_sentence(
    given: str, sentence: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    make(Path(), "images/a.png", "texts/a.txt", "other/a.txt2")
    Path("empty").mkdir()
    os.mkfifo("pipe")
    with pytest.raises(SourceError, match=sentence) as caught:
        paired([given] if given else [given or " "])
    assert "\n" not in str(caught.value)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_folder_without_permission_is_one_sentence(tmp_path: Path) -> None:
    closed = make(tmp_path, "closed/a.png") / "closed"
    closed.chmod(0)
    try:
        with pytest.raises(SourceError, match="permission denied"):
            paired(str(closed))
    finally:
        closed.chmod(0o755)


# --- tables


def table(tmp_path: Path, text: str | bytes, name: str = "pairs.csv") -> str:
    make(tmp_path, "i/a.jpg", "m/a.png", "i/b.jpg", "m/b.png")
    path = tmp_path / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return str(path)


@pytest.mark.parametrize(
    "text",
    [
        "image,mask\ni/a.jpg,m/a.png\ni/b.jpg,m/b.png\n",
        "\ufeffimage;mask\r\ni/a.jpg;m/a.png\r\ni/b.jpg;m/b.png\r\n",
        "id\tMask\tImage Path\n1\tm/a.png\ti/a.jpg\n2\tm/b.png\ti/b.jpg\n",
        "i/a.jpg,m/a.png\n\ni/b.jpg,m/b.png",
        '"image","mask"\n"i/a.jpg","m/a.png"\n"i/b.jpg","m/b.png"\n',
        "image,mask\ni\\a.jpg,m\\a.png\n./i/b.jpg,./m/b.png\n",
    ],
)
def test_a_table_of_pairs(tmp_path: Path, text: str) -> None:
    found = shown(paired(table(tmp_path, text)), tmp_path)
    assert found == [("i/a.jpg", "m/a.png"), ("i/b.jpg", "m/b.png")]


def test_a_table_of_images_is_matched_with_a_folder(tmp_path: Path) -> None:
    found = shown(paired(table(tmp_path, "image\ni/a.jpg\ni/b.jpg\n"), f"{tmp_path}/m"), tmp_path)
    assert [mask for _, mask in found] == ["m/a.png", "m/b.png"]


def test_missing_files_of_a_table_are_kept(tmp_path: Path) -> None:
    (first, second, third) = listed(paired(table(tmp_path, "image,mask\ni/a.jpg,m/a.png\nno.jpg,m/b.png\ni/b.jpg,\n")))
    assert first.mask is not None
    assert second.image is not None
    with pytest.raises(ReadError, match="there is no such file"):
        read(second.image)
    assert third.mask is None


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "is empty"),
        ("image,mask\n", "a header and no rows"),
        ("when,where\n1,2\n", "no column that names images; expected one called image .* found: when, where"),
        ("image,mask\nx.jpg,y.png\n", "none of its 1 images is there; the first is .*x.jpg"),
        (b"\x00\x01\x02,", "no table"),
    ],
)
def test_a_table_that_is_none_is_one_sentence(tmp_path: Path, text: str | bytes, sentence: str) -> None:
    with pytest.raises(SourceError, match=sentence):
        paired(table(tmp_path, text))


def test_standard_input_holds_paths(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(make(tmp_path, "i/a.jpg", "m/a.png", "i/b.jpg"))
    assert shown(paired("-", lines=["i/a.jpg\tm/a.png\n", "i/b.jpg\n"])) == [("i/a.jpg", "m/a.png"), ("i/b.jpg", "")]
    assert shown(paired("-", lines=["i/a.jpg\0i/b.jpg\0"])) == [("i/a.jpg", ""), ("i/b.jpg", "")]


# --- archives and addresses


def archive(path: Path, mode: str, **contents: bytes) -> str:
    with tarfile.open(path, mode) as tar:
        for name, data in contents.items():
            member = tarfile.TarInfo(name.replace("__", "/").replace("_dot_", "."))
            member.size = len(data)
            tar.addfile(member, io.BytesIO(data))
        link = tarfile.TarInfo("link.png")
        link.type, link.linkname = tarfile.SYMTYPE, "a.jpg"
        tar.addfile(link)
    return str(path)


@pytest.mark.parametrize(
    ("name", "mode"), [("s.tar", "w"), ("s.tar.gz", "w:gz"), ("s.tgz", "w:gz"), ("s.tar.xz", "w:xz")]
)
def test_pairs_inside_archives(tmp_path: Path, name: str, mode: str) -> None:
    path = archive(tmp_path / name, mode, a_dot_jpg=b"image a", a_mask_dot_png=b"mask a", b_dot_jpg=b"b" * 3000)
    with paired(path) as pairing:
        first, second, *_ = pairing.pairs()
        assert first.image is not None
        assert first.mask is not None
        assert first.image.address == f"{path}::a.jpg"
        assert (read(first.image), read(first.mask)) == (b"image a", b"mask a")
        assert second.image is not None
        assert read(second.image) == b"b" * 3000
        assert second.mask is None


def test_a_pattern_of_archives(tmp_path: Path) -> None:
    for shard in ("0", "1"):
        archive(tmp_path / f"{shard}.tar", "w", **{f"{shard}_dot_jpg": b"i", f"{shard}_mask_dot_png": b"m"})
    found = [pair for pair in listed(paired(f"{tmp_path}/*.tar")) if pair.mask]
    assert len(found) == 2


def test_a_truncated_archive_keeps_what_comes_before(tmp_path: Path) -> None:
    path = Path(archive(tmp_path / "s.tar", "w", a_dot_jpg=b"a" * 2000, b_dot_jpg=b"b" * 2000))
    path.write_bytes(path.read_bytes()[:3500])
    with paired(str(path)) as pairing:
        first, second = pairing.pairs()
        assert first.image is not None
        assert len(read(first.image)) == 2000
        assert second.image is not None
        with pytest.raises(ReadError, match="the archive ends after"):
            read(second.image)


def test_something_else_named_tar_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "s.tar").write_bytes(b"not a tar" * 100)
    with pytest.raises(SourceError, match=r"holds no picture that can be read; .*the archive"):
        paired(str(tmp_path / "s.tar"))


def test_addresses_of_fsspec(tmp_path: Path) -> None:
    system = fsspec.filesystem("memory")
    system.store.clear()
    for name in ("images/train/a.jpg", "masks/train/a.png", "masks/train/b.png"):
        system.pipe(f"/set/{name}", name.encode())
    first, second = listed(paired("memory://set/images", "memory://set/masks"))
    assert first.image is not None
    assert first.mask is not None
    assert read(first.mask) == b"masks/train/a.png"
    assert second.image is None
    assert len(listed(paired("memory://set/**/*.jpg"))) == 1
    with pytest.raises(SourceError, match="There is nothing at memory://elsewhere"):
        paired("memory://elsewhere")


def test_a_file_address_is_a_path(tmp_path: Path) -> None:
    make(tmp_path, "with space/a.jpg")
    assert len(listed(paired(f"file://{tmp_path}/with%20space"))) == 1
