"""The data sets and their facts. To add one: its entry here, its reader in `loading.READERS`."""

from explorer.base.language import N_
from explorer.data.datasets.records import DataSet

_DIGITS = tuple("0123456789")

FASHION_MNIST = DataSet(
    name="fashion_mnist",
    title="Fashion-MNIST",
    shape=(1, 28, 28),
    classes=(
        "t-shirt", "trouser", "pullover", "dress", "coat",
        "sandal", "shirt", "sneaker", "bag", "ankle boot",
    ),
    train_count=60_000,
    test_count=10_000,
    about=N_(
        "Clothes from a shop's catalogue, grey, ten kinds. The course trains on it: as small as "
        "MNIST, and harder."
    ),
    source="H. Xiao, K. Rasul, R. Vollgraf: Fashion-MNIST: a Novel Image Dataset for "
    "Benchmarking Machine Learning Algorithms, 2017",
    url="https://github.com/zalandoresearch/fashion-mnist",
    licence="MIT",
    download_bytes=30_878_645,
)  # fmt: skip

MNIST = DataSet(
    name="mnist",
    title="MNIST",
    shape=(1, 28, 28),
    classes=_DIGITS,
    train_count=60_000,
    test_count=10_000,
    about=N_("Handwritten digits, grey. LeNet was made to read them."),
    source="Y. LeCun, L. Bottou, Y. Bengio, P. Haffner: Gradient-Based Learning Applied to "
    "Document Recognition, 1998",
    url="http://yann.lecun.com/exdb/mnist/",
    licence="CC BY-SA 3.0",
    download_bytes=11_594_722,
)

CIFAR10 = DataSet(
    name="cifar10",
    title="CIFAR-10",
    shape=(3, 32, 32),
    classes=(
        "airplane", "automobile", "bird", "cat", "deer",
        "dog", "frog", "horse", "ship", "truck",
    ),
    train_count=50_000,
    test_count=10_000,
    about=N_("Small colour photographs of animals and vehicles, ten kinds."),
    source="A. Krizhevsky: Learning Multiple Layers of Features from Tiny Images, 2009",
    url="https://www.cs.toronto.edu/~kriz/cifar.html",
    licence=N_("none stated; its authors ask to be cited"),
    download_bytes=170_498_071,
)  # fmt: skip

DIGITS = DataSet(
    name="digits",
    title="Digits",
    shape=(1, 8, 8),
    classes=_DIGITS,
    train_count=1_438,
    test_count=359,
    about=N_("Handwritten digits of 8 × 8 cells: small enough to train on in seconds."),
    source="E. Alpaydin, C. Kaynak: Optical Recognition of Handwritten Digits, UCI, 1998",
    url="https://archive.ics.uci.edu/dataset/80/optical+recognition+of+handwritten+digits",
    licence="CC BY 4.0",
)

IMAGES = DataSet(
    name="images",
    title=N_("Own pictures"),
    shape=(0, 0, 0),
    classes=(),
    train_count=0,
    test_count=0,
    about=N_(
        "Pictures of your own, PNG or JPEG, in one folder for each class, two in each at least: "
        "cats/1.jpg, cats/2.jpg, dogs/1.jpg, dogs/2.jpg …"
    ),
)

ABOUT_OWN = N_(
    "Pictures that somebody brought here, cut to squares of one size. A fifth of each class is set "
    "aside to test with."
)

DATASETS = {each.name: each for each in (FASHION_MNIST, MNIST, CIFAR10, DIGITS, IMAGES)}
