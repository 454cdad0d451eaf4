"""What the shop sells: shelves with their seasons, and the kinds of goods on them."""

from dataclasses import dataclass

METALS = ("black", "white", "silver", "red", "copper")
FABRICS = ("navy", "grey", "olive", "burgundy", "cream", "black")
WOODS = ("oak", "walnut", "beech", "white")
BRIGHT = ("blue", "green", "yellow", "red", "purple")
CLOTHES = ("S", "M", "L", "XL")
SHOES = ("38", "40", "42", "44", "46")
STEEL, PLASTIC = ("stainless steel", "aluminium", "cast iron"), ("ABS plastic", "recycled plastic", "polycarbonate")
CLOTH, WOOD = ("cotton", "merino wool", "linen", "polyester"), ("solid oak", "beech veneer", "bamboo")
LEATHER, GLASS = ("leather", "canvas", "suede"), ("borosilicate glass", "porcelain", "stoneware")


@dataclass(frozen=True)
class Kind:
    """A kind of goods.

    Attributes:
        noun: What it is called.
        colours: What it comes in.
        sizes: The same; empty when there is one size only.
        low: What it costs in cents at least.
        high: What it costs at most.
        materials: What it may be made of.
        features: What its description may praise.
    """

    noun: str
    colours: tuple[str, ...]
    sizes: tuple[str, ...]
    low: int
    high: int
    materials: tuple[str, ...]
    features: tuple[str, ...]


@dataclass(frozen=True)
class Shelf:
    """A category.

    Attributes:
        name: What it is called.
        peak: The month in which it is dearest.
        swing: By how many per cent.
        warranty: For how many years its goods may be guaranteed.
        kinds: What lies on it.
    """

    name: str
    peak: int
    swing: int
    warranty: tuple[int, ...]
    kinds: tuple[Kind, ...]


KITCHEN = (
    Kind("kettle", METALS, ("1 l", "1.7 l"), 2_400, 9_000, STEEL, ("boils in three minutes", "a drip-free spout")),
    Kind("toaster", METALS, ("2 slices", "4 slices"), 2_900, 12_000, STEEL, ("a crumb tray", "six levels of browning")),
    Kind("frying pan", ("black", "copper", "grey"), ("20 cm", "24 cm", "28 cm"), 1_900, 8_900, STEEL, ("induction",)),
    Kind("coffee grinder", METALS, (), 3_500, 15_000, STEEL, ("conical burrs", "18 settings", "a quiet motor")),
    Kind("stand mixer", METALS, ("4 l", "6 l"), 9_900, 48_000, STEEL, ("a dough hook", "ten speeds", "a splash guard")),
    Kind("chef's knife", ("black", "walnut"), ("16 cm", "20 cm"), 2_500, 18_000, ("carbon steel",), ("a full tang",)),
    Kind("teapot", ("white", "blue", "green"), ("0.6 l", "1.2 l"), 1_800, 7_500, GLASS, ("a removable strainer",)),
    Kind("storage jar", ("clear", "white"), ("0.5 l", "1 l", "2 l"), 700, 3_200, GLASS, ("an airtight lid",)),
)
CLOTHING = (
    Kind("jacket", FABRICS, CLOTHES, 4_900, 21_000, ("softshell", "waxed cotton"), ("taped seams", "four pockets")),
    Kind("sweater", FABRICS, CLOTHES, 2_900, 12_000, CLOTH, ("ribbed cuffs", "machine washable at 30 degrees")),
    Kind("shirt", ("white", "blue", "navy"), CLOTHES, 2_200, 9_500, CLOTH, ("a button-down collar", "easy to iron")),
    Kind("jeans", ("blue", "black", "grey"), CLOTHES, 3_500, 14_000, ("denim", "organic denim"), ("a straight cut",)),
    Kind("scarf", FABRICS, (), 1_200, 5_500, CLOTH, ("fringed ends", "a soft hand")),
    Kind("raincoat", ("yellow", "navy", "green"), CLOTHES, 4_500, 16_000, ("nylon", "PU"), ("a two-way zip",)),
)
SHOES_KINDS = (
    Kind("running shoes", ("black", "white", "blue", "orange"), SHOES, 4_500, 17_000, ("mesh",), ("a wide toe box",)),
    Kind("hiking boots", ("brown", "grey"), SHOES, 7_900, 26_000, LEATHER, ("a waterproof membrane", "a grippy sole")),
    Kind("sneakers", ("white", "black", "green"), SHOES, 3_900, 13_000, LEATHER, ("a padded collar",)),
    Kind("slippers", FABRICS, SHOES, 1_500, 6_500, ("felt", "wool"), ("a non-slip sole",)),
)
GARDEN = (
    Kind("lounge chair", ("green", "grey", "teak"), (), 3_900, 24_000, WOOD, ("folds flat", "three positions")),
    Kind("watering can", ("green", "blue", "zinc"), ("5 l", "10 l"), 900, 4_500, PLASTIC, ("a brass rose",)),
    Kind("parasol", FABRICS, ("2 m", "3 m"), 3_900, 19_000, ("polyester",), ("a crank", "protection from UV")),
    Kind("garden hose", ("green", "yellow"), ("15 m", "25 m", "50 m"), 1_900, 7_900, PLASTIC, ("frost-proof",)),
    Kind("pruning shears", ("red", "black"), (), 1_400, 6_800, ("carbon steel",), ("a safety catch",)),
    Kind("planter", ("terracotta", "grey", "white"), ("30 cm", "40 cm"), 1_200, 8_800, GLASS, ("a drainage hole",)),
)
ELECTRONICS = (
    Kind("headphones", METALS, (), 2_900, 34_000, PLASTIC, ("noise cancelling", "30 hours of battery")),
    Kind("speaker", METALS, ("small", "large"), 2_500, 26_000, PLASTIC, ("splash-proof", "pairs in stereo")),
    Kind("keyboard", ("black", "white", "grey"), ("compact", "full"), 2_900, 17_000, PLASTIC, ("quiet switches",)),
    Kind("mouse", ("black", "white"), (), 1_200, 9_900, PLASTIC, ("for either hand", "six buttons")),
    Kind("power bank", ("black", "white"), ("10,000 mAh", "20,000 mAh"), 1_900, 7_900, PLASTIC, ("two ports",)),
    Kind("webcam", ("black",), ("1080p", "4K"), 2_900, 16_000, PLASTIC, ("a privacy shutter", "two microphones")),
    Kind("charging cable", ("black", "white"), ("1 m", "2 m"), 600, 2_900, ("nylon braid",), ("60 W",)),
)
HOME = (
    Kind("desk lamp", METALS, (), 1_900, 11_000, STEEL, ("dimmable", "a swivel arm")),
    Kind("bookshelf", WOODS, ("80 cm", "120 cm"), 5_900, 32_000, WOOD, ("adjustable shelves", "a wall fixing")),
    Kind("blanket", FABRICS, ("130 x 170 cm", "150 x 200 cm"), 1_900, 9_500, CLOTH, ("a woven border",)),
    Kind("wall clock", WOODS, (), 1_500, 8_500, WOOD, ("a silent movement",)),
    Kind("pillow", ("white", "grey"), ("40 x 80 cm", "80 x 80 cm"), 1_600, 8_900, CLOTH, ("washable at 60 degrees",)),
    Kind("vase", ("clear", "blue", "amber"), ("20 cm", "30 cm"), 1_200, 7_700, GLASS, ("hand-blown",)),
)
SPORTS = (
    Kind("yoga mat", ("purple", "green", "black", "blue"), ("4 mm", "6 mm"), 1_500, 7_900, ("cork", "TPE"), ("grip",)),
    Kind("backpack", FABRICS, ("18 l", "28 l", "40 l"), 3_500, 18_000, ("ripstop nylon",), ("a rain cover",)),
    Kind("tent", ("green", "orange", "grey"), ("2 people", "4 people"), 7_900, 48_000, ("polyester",), ("two doors",)),
    Kind("dumbbell", ("black", "grey"), ("5 kg", "10 kg", "15 kg"), 1_900, 9_900, STEEL, ("a hexagonal shape",)),
    Kind("water bottle", BRIGHT, ("0.5 l", "0.75 l"), 900, 4_500, STEEL, ("keeps cold for a day", "no BPA")),
    Kind("bicycle helmet", ("black", "white", "red"), ("M", "L"), 2_900, 15_000, PLASTIC, ("a rear light",)),
)
TOYS = (
    Kind("building blocks", BRIGHT, ("60 pieces", "120 pieces"), 1_900, 8_900, WOOD, ("non-toxic paint",)),
    Kind("board game", ("blue", "red"), (), 1_900, 6_900, ("cardboard",), ("for two to five players", "45 minutes")),
    Kind("jigsaw puzzle", ("blue", "green"), ("500 pieces", "1,000 pieces"), 900, 3_900, ("cardboard",), ("no dust",)),
    Kind("plush bear", ("brown", "white", "grey"), ("25 cm", "40 cm"), 1_200, 5_500, CLOTH, ("machine washable",)),
)
OFFICE = (
    Kind("notebook", FABRICS, ("A5", "A4"), 600, 3_200, ("recycled paper",), ("dotted pages", "lies flat")),
    Kind("fountain pen", METALS, ("fine", "medium"), 1_900, 16_000, STEEL, ("a converter", "an iridium tip")),
    Kind("office chair", ("black", "grey", "blue"), (), 12_900, 64_000, ("mesh", "leather"), ("lumbar support",)),
    Kind("monitor stand", WOODS, (), 2_500, 9_900, WOOD, ("a drawer", "room for a keyboard")),
    Kind("paper shredder", ("black",), ("6 sheets", "12 sheets"), 3_900, 19_000, PLASTIC, ("an auto stop",)),
)
BEAUTY = (
    Kind("hair dryer", METALS, (), 2_400, 22_000, PLASTIC, ("a cool shot", "two nozzles")),
    Kind("electric toothbrush", ("white", "black", "pink"), (), 2_900, 19_000, PLASTIC, ("a two-minute timer",)),
    Kind("shaver", ("black", "silver"), (), 3_900, 27_000, STEEL, ("wet and dry", "60 minutes of battery")),
    Kind("soap set", ("lavender", "citrus", "pine"), ("3 bars", "6 bars"), 900, 3_900, ("olive oil",), ("vegan",)),
)
TOOLS = (
    Kind("cordless drill", ("blue", "green", "red"), ("12 V", "18 V"), 5_900, 29_000, STEEL, ("two batteries",)),
    Kind("screwdriver set", ("red", "black"), ("6 pieces", "24 pieces"), 1_400, 7_900, STEEL, ("magnetic tips",)),
    Kind("tool box", ("red", "black"), ("40 cm", "55 cm"), 1_900, 9_900, PLASTIC, ("a removable tray",)),
    Kind("torch", ("black", "yellow"), ("300 lm", "1,000 lm"), 1_200, 8_500, ("aluminium",), ("rechargeable",)),
)
PETS = (
    Kind("dog bed", ("grey", "brown", "navy"), ("60 cm", "80 cm", "100 cm"), 2_500, 14_000, CLOTH, ("a zip cover",)),
    Kind("cat tree", ("grey", "beige"), ("90 cm", "140 cm"), 3_900, 19_000, ("sisal",), ("two dens", "a wall strap")),
    Kind("dog lead", BRIGHT, ("1.5 m", "2 m"), 900, 4_500, LEATHER, ("a padded handle",)),
    Kind("food bowl", ("white", "grey", "green"), ("0.5 l", "1 l"), 600, 2_900, GLASS, ("a rubber ring",)),
)

GRAMS = {
    "kettle": 1_100,
    "toaster": 1_900,
    "frying pan": 1_300,
    "coffee grinder": 1_600,
    "stand mixer": 5_200,
    "chef's knife": 210,
    "teapot": 700,
    "storage jar": 480,
    "jacket": 620,
    "sweater": 410,
    "shirt": 240,
    "jeans": 590,
    "scarf": 160,
    "raincoat": 450,
    "running shoes": 560,
    "hiking boots": 1_150,
    "sneakers": 720,
    "slippers": 300,
    "lounge chair": 4_300,
    "watering can": 650,
    "parasol": 3_800,
    "garden hose": 2_200,
    "pruning shears": 230,
    "planter": 2_900,
    "headphones": 260,
    "speaker": 980,
    "keyboard": 760,
    "mouse": 95,
    "power bank": 340,
    "webcam": 130,
    "charging cable": 45,
    "desk lamp": 1_400,
    "bookshelf": 16_500,
    "blanket": 900,
    "wall clock": 780,
    "pillow": 850,
    "vase": 1_200,
    "yoga mat": 1_200,
    "backpack": 880,
    "tent": 3_600,
    "dumbbell": 7_600,
    "water bottle": 290,
    "bicycle helmet": 310,
    "building blocks": 1_500,
    "board game": 1_050,
    "jigsaw puzzle": 720,
    "plush bear": 380,
    "notebook": 330,
    "fountain pen": 35,
    "office chair": 14_500,
    "monitor stand": 2_100,
    "paper shredder": 3_900,
    "hair dryer": 610,
    "electric toothbrush": 130,
    "shaver": 190,
    "soap set": 360,
    "cordless drill": 1_700,
    "screwdriver set": 820,
    "tool box": 2_300,
    "torch": 260,
    "dog bed": 1_700,
    "cat tree": 9_800,
    "dog lead": 150,
    "food bowl": 420,
}
"""What a kind of goods weighs, more or less."""

SHELVES = (
    Shelf("kitchen", 12, 8, (2, 3, 5), KITCHEN),
    Shelf("clothing", 11, 15, (1,), CLOTHING),
    Shelf("garden", 5, 25, (1, 2), GARDEN),
    Shelf("electronics", 11, 10, (2, 3), ELECTRONICS),
    Shelf("home", 10, 6, (1, 2, 5), HOME),
    Shelf("sports", 6, 12, (1, 2), SPORTS),
    Shelf("shoes", 9, 12, (1,), SHOES_KINDS),
    Shelf("toys", 12, 18, (1, 2), TOYS),
    Shelf("office", 8, 7, (2, 3, 5), OFFICE),
    Shelf("beauty", 12, 5, (2, 3), BEAUTY),
    Shelf("tools", 6, 8, (2, 3, 5), TOOLS),
    Shelf("pets", 12, 4, (1, 2), PETS),
)
