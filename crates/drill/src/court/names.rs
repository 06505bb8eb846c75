//! Which made-up names are there?
//!
//! Given names are common ones; family names are put together from syllables that belong to no
//! family we know of, so that no name is a real person's. Every name comes in the script it is
//! written in at home, with its Latin spellings. Numbers of telephones have the country code 999,
//! which no country has.

use crate::chance::Dice;

/// A name as written at home, and its spellings in Latin letters (the usual one first).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Name {
    /// As written at home.
    pub(crate) native: String,
    /// In Latin letters; the first is the court's own spelling.
    pub(crate) latin: Vec<String>,
}

/// One way of writing: given names, and the parts of family names. Their ends are alike for women
/// and men, where the language knows both.
struct Tongue {
    given: &'static [Pair],
    stems: &'static [Pair],
    ends: &'static [Pair],
    order: Order,
}

/// In the home script and in Latin letters; other Latin spellings after a slash.
type Pair = (&'static str, &'static str);

#[derive(Clone, Copy, PartialEq, Eq)]
enum Order {
    GivenFirst,
    FamilyFirst,
}

/// How a language is called here; [`State`]s name the ones that are written in them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Language {
    Russian,
    Ukrainian,
    Serbian,
    Arabic,
    Georgian,
    Amharic,
    Chinese,
    French,
    Spanish,
}

/// A State that is not on any map.
pub(crate) struct State {
    pub(crate) name: &'static str,
    /// What it is called at home.
    pub(crate) native: &'static str,
    /// The language codes of its translations, `RU`.
    pub(crate) code: &'static str,
    /// Most of its people first.
    pub(crate) languages: &'static [Language],
    /// Towns and districts, made up as well.
    pub(crate) places: &'static [&'static str],
    /// Those who would harm.
    pub(crate) adversaries: &'static [&'static str],
}

use Language::{Amharic, Arabic, Chinese, French, Georgian, Russian, Serbian, Spanish, Ukrainian};

pub(crate) const STATES: [State; 9] = [
    State {
        name: "Republic of Verendia",
        native: "Республіка Верендія",
        code: "UK",
        languages: &[Ukrainian, Russian],
        places: &["Dravnytsia", "Ostrozhivka", "Verkhny Lom", "Stavyshche-Dolne", "Koryntsi", "Lisova Balka"],
        adversaries: &["Northern Military Directorate", "Verkhny Lom self-defence units"],
    },
    State {
        name: "Federation of Tavrosia",
        native: "Федерация Тавросия",
        code: "RU",
        languages: &[Russian, Russian, Ukrainian],
        places: &["Belomost", "Krasnodolsk", "Ust-Varenga", "Novy Tavr", "Zarechinsk"],
        adversaries: &["Tavrosian State Protection Service", "Sokol volunteer corps"],
    },
    State {
        name: "Kingdom of Tamrit",
        native: "مملكة تامريت",
        code: "AR",
        languages: &[Arabic],
        places: &["Wadi Sanaf", "Qasr al-Hadin", "Bir Sanouf", "Umm Darsa", "Jabal Rimt"],
        adversaries: &["Tamrit Interior Brigade", "Rimt road militia"],
    },
    State {
        name: "Republic of Kasdova",
        native: "Република Касдова",
        code: "SR",
        languages: &[Serbian],
        places: &["Gornji Brestovik", "Kamenski Most", "Vranjsko Polje", "Donja Lipnica"],
        adversaries: &["Brestovik territorial staff", "Former Second Corps"],
    },
    State {
        name: "Republic of Mbandara",
        native: "République de Mbandara",
        code: "FR",
        languages: &[French],
        places: &["Likasongo", "Bolenge-Sud", "Matundu", "Kisenga-Port", "Mokala"],
        adversaries: &["Front patriotique de Matundu", "River Guard"],
    },
    State {
        name: "Republic of Kartvana",
        native: "ქართვანას რესპუბლიკა",
        code: "KA",
        languages: &[Georgian, Russian],
        places: &["Zemo Argvi", "Tsqalmta", "Didi Khevra", "Nabakhta"],
        adversaries: &["Khevra border detachment"],
    },
    State {
        name: "Democratic Republic of Wollanda",
        native: "ወላንዳ",
        code: "AM",
        languages: &[Amharic, Arabic],
        places: &["Debre Selmo", "Awara Sefer", "Mekdela Bar", "Gishe Wenz"],
        adversaries: &["Wollanda special zone police", "Awara youth league"],
    },
    State {
        name: "Union of Yunshan",
        native: "云杉联邦",
        code: "ZH",
        languages: &[Chinese],
        places: &["Qinghe Bay", "Lanxi North", "Baishui Ferry", "Hongtu"],
        adversaries: &["Yunshan Ministry of Public Order"],
    },
    State {
        name: "Republic of Costa Serrana",
        native: "República de Costa Serrana",
        code: "ES",
        languages: &[Spanish],
        places: &["San Telmo del Risco", "Puerto Abrigo", "Villa Cardones", "Alto Quebranto"],
        adversaries: &["Bloque Serrano", "Abrigo harbour group"],
    },
];

/// A name in that language.
pub(crate) fn subject(dice: &mut Dice, language: Language) -> Name {
    let tongue = tongue(language);
    let given = dice.pick(tongue.given);
    let stem = dice.pick(tongue.stems);
    let end = dice.pick(tongue.ends);
    let family = (format!("{}{}", stem.0, end.0), format!("{}{}", stem.1, end.1));
    let (usual, others) = given.1.split_once('/').unwrap_or((given.1, ""));
    let native = match tongue.order {
        Order::GivenFirst => format!("{} {}", given.0, family.0),
        // Chinese puts nothing between family and given name.
        Order::FamilyFirst => format!("{}{}", family.0, given.0),
    };
    let mut latin = match tongue.order {
        Order::GivenFirst => {
            vec![format!("{usual} {}", family.1), format!("{}, {usual}", family.1.to_uppercase())]
        }
        Order::FamilyFirst => vec![format!("{} {usual}", family.1), format!("{usual} {}", family.1)],
    };
    latin.extend(
        others.split('/').filter(|other| !other.is_empty()).map(|other| format!("{other} {}", family.1)),
    );
    latin.extend(latin.first().map(|first| plain(first)).filter(|plain| *plain != latin[0]));
    latin.retain(|spelling| *spelling != native);
    Name { native, latin }
}

/// The first name with the other's family name behind it; `None` where that is not done.
pub(crate) fn joined(name: &Name, other: &Name) -> Option<Name> {
    let with = |name: &str, other: &str| Some(format!("{name}-{}", other.rsplit_once(' ')?.1));
    let usual = name.latin.first()?;
    let native = with(&name.native, &other.native)?;
    let latin = with(usual, other.latin.first()?)?;
    Some(Name { native, latin: vec![latin, usual.clone()] })
}

/// Without the marks that machine-readable passports leave out.
pub(crate) fn plain(text: &str) -> String {
    text.chars().filter(|c| !matches!(c, '\'' | 'ʼ')).map(bare).collect()
}

fn bare(letter: char) -> char {
    match letter {
        'á' | 'à' | 'â' | 'ā' => 'a',
        'é' | 'è' | 'ê' | 'ë' => 'e',
        'í' | 'ï' | 'î' => 'i',
        'ó' | 'ô' | 'ö' | 'ō' => 'o',
        'ú' | 'û' | 'ü' | 'ū' => 'u',
        'ç' | 'ć' | 'č' => 'c',
        'š' => 's',
        'ž' => 'z',
        'đ' => 'd',
        'ñ' => 'n',
        'É' => 'E',
        'Ć' | 'Č' => 'C',
        'Đ' => 'D',
        'Š' => 'S',
        'Ž' => 'Z',
        other => other,
    }
}

/// Given and family name of one of the staff, in Latin letters without marks: so are accounts.
pub(crate) fn staff(dice: &mut Dice) -> (String, String) {
    let given = dice.pick(&STAFF_GIVEN);
    (String::from(*given), format!("{}{}", dice.pick(&STAFF_STEMS), dice.pick(&STAFF_ENDS)))
}

/// `+999 55 0104 821`
pub(crate) fn phone(dice: &mut Dice) -> String {
    format!("+999 {:02} {:04} {:03}", dice.between(20, 79), dice.below(10_000), dice.below(1000))
}

/// Name of an organisation.
pub(crate) fn organisation(dice: &mut Dice, place: &str) -> String {
    let kind = dice.pick(&ORGANISATIONS);
    kind.replace("{}", place)
}

const ORGANISATIONS: [&str; 12] = [
    "{} Documentation Centre",
    "Mothers of {}",
    "Medical Relief {}",
    "{} Lawyers' Collective",
    "Observation Mission {}",
    "{} Mobile Telephone Company",
    "{} Commercial Bank",
    "Archive of the Missing, {}",
    "{} Open Source Laboratory",
    "Diocese of {}",
    "{} Radio",
    "Survivors' Network {}",
];

const STAFF_GIVEN: [&str; 72] = [
    "Ingrid", "Tomas", "Amara", "Henrik", "Lucia", "Pieter", "Noor", "Samuel", "Elif", "Marta", "Kofi",
    "Sanne", "Julien", "Hana", "Diego", "Farida", "Olga", "Brendan", "Mireille", "Yuki", "Stefan", "Abena",
    "Joris", "Camille", "Rashid", "Petra", "Mwangi", "Silvia", "Anders", "Leila", "Bruno", "Chiara", "Daan",
    "Esther", "Felipe", "Greta", "Hugo", "Irina", "Jonas", "Katrin", "Lamine", "Maria", "Nikola", "Oona",
    "Paolo", "Rosa", "Sergio", "Teresa", "Ulrich", "Vera", "Willem", "Xenia", "Yusuf", "Zofia", "Adele",
    "Bilal", "Clara", "Dimitri", "Eva", "Femke", "Gabor", "Helen", "Ivo", "Judith", "Karim", "Lotte",
    "Milan", "Nadia", "Oscar", "Priya", "Ruben", "Sofia",
];

const STAFF_STEMS: [&str; 60] = [
    "Van", "Oke", "Lund", "Mar", "Ter", "Brast", "Hoek", "Kalm", "Dor", "Ast", "Bel", "Cor", "Drie", "Eld",
    "Fen", "Gar", "Hal", "Iv", "Jor", "Kest", "Lam", "Mont", "Nar", "Ost", "Pel", "Quint", "Rav", "Sol",
    "Tav", "Und", "Val", "Wes", "Yor", "Zan", "Abr", "Bran", "Cast", "Del", "Ebr", "Fal", "Grim", "Hest",
    "Ill", "Jast", "Kov", "Lor", "Mell", "Nov", "Orm", "Prav", "Rost", "Sev", "Trem", "Ulv", "Vest", "Wan",
    "Yelt", "Zell", "Adj", "Bod",
];

const STAFF_ENDS: [&str; 48] = [
    "torp", "lundi", "evask", "arune", "ekam", "holtra", "mansu", "inuri", "ovark", "idzel", "enkol",
    "yamel", "uedo", "aforu", "stadar", "bergol", "ellane", "ossuri", "ierraw", "adoune", "questo", "andrel",
    "ombaru", "ulisk", "arisk", "ettuno", "oglane", "wickar", "hurstel", "emarro", "strave", "ingal",
    "oyole", "ardune", "eaumel", "illaro", "entovi", "arinsk", "ovelki", "eirune", "ambel", "ssenar",
    "ikosti", "opolar", "uriane", "abadur", "shawel", "meerlo",
];

#[rustfmt::skip]
const fn tongue(language: Language) -> Tongue {
    match language {
        Russian => Tongue {
            given: &[("Алексей", "Aleksei/Alexey"), ("Марина", "Marina"), ("Дмитрий", "Dmitrii/Dmitry"), ("Светлана", "Svetlana"), ("Юрий", "Yurii/Yuri"), ("Елена", "Elena/Yelena"), ("Николай", "Nikolai/Nikolay"), ("Галина", "Galina"), ("Сергей", "Sergei/Sergey"), ("Татьяна", "Tatiana/Tatyana"), ("Фёдор", "Fedor/Fyodor"), ("Людмила", "Liudmila/Lyudmila")],
            stems: &[("Верт", "Vert"), ("Колуш", "Kolush"), ("Жабин", "Zhabin"), ("Тернох", "Ternokh"), ("Щербол", "Shcherbol"), ("Мордаш", "Mordash"), ("Вязлом", "Viazlom"), ("Хлопун", "Khlopun"), ("Пестряк", "Pestriak"), ("Сухобор", "Sukhobor"), ("Цветник", "Tsvetnik"), ("Ярошин", "Iaroshin"), ("Гудил", "Gudil"), ("Лыскар", "Lyskar"), ("Бурмат", "Burmat"), ("Рогозел", "Rogozel")],
            ends: &[("ун", "un"), ("ич", "ich"), ("овых", "ovykh"), ("аго", "ago"), ("енко", "enko"), ("ских", "skikh")],
            order: Order::GivenFirst,
        },
        Ukrainian => Tongue {
            given: &[("Олеся", "Olesia/Olesya"), ("Тарас", "Taras"), ("Їванна", "Yivanna/Ivanna"), ("Андрій", "Andrii/Andriy"), ("Ганна", "Hanna/Anna"), ("Богдан", "Bohdan/Bogdan"), ("Зоряна", "Zoriana/Zoryana"), ("Микола", "Mykola"), ("Соломія", "Solomiia/Solomiya"), ("Остап", "Ostap"), ("Юлія", "Yuliia/Yuliya"), ("Євген", "Yevhen/Evgen")],
            stems: &[("Шевкол", "Shevkol"), ("Гайдун", "Haidun"), ("Терешк", "Tereshk"), ("Вербиц", "Verbyts"), ("Кобилян", "Kobylian"), ("Дзюбан", "Dziuban"), ("Їжакев", "Yizhakev"), ("Палащ", "Palashch"), ("Стрихар", "Strykhar"), ("Ґудзен", "Gudzen"), ("Пшеновр", "Pshenovr"), ("Мельнобр", "Melnobr"), ("Рогатум", "Rohatum"), ("Чумакал", "Chumakal"), ("Заліщ", "Zalishch"), ("Хвильов", "Khvylov")],
            ends: &[("енко", "enko"), ("ук", "uk"), ("ишин", "yshyn"), ("ович", "ovych"), ("ець", "ets"), ("юк", "iuk")],
            order: Order::GivenFirst,
        },
        Serbian => Tongue {
            given: &[("Душан", "Dušan"), ("Јелена", "Jelena"), ("Ђорђе", "Đorđe/Djordje"), ("Милица", "Milica"), ("Жарко", "Žarko"), ("Љубица", "Ljubica"), ("Небојша", "Nebojša"), ("Снежана", "Snežana"), ("Чедомир", "Čedomir"), ("Весна", "Vesna"), ("Радован", "Radovan"), ("Његош", "Njegoš")],
            stems: &[("Брестун", "Brestun"), ("Камендол", "Kamendol"), ("Вукодер", "Vukoder"), ("Лишта", "Lišta"), ("Грмуш", "Grmuš"), ("Шљивар", "Šljivar"), ("Пољакан", "Poljakan"), ("Ћурув", "Ćuruv"), ("Џодан", "Džodan"), ("Ракијаш", "Rakijaš"), ("Тресиг", "Tresig"), ("Мргуд", "Mrgud"), ("Зеленбаб", "Zelenbab"), ("Оморик", "Omorik")],
            ends: &[("ић", "ić"), ("овић", "ović"), ("ац", "ac"), ("инац", "inac"), ("ешић", "ešić")],
            order: Order::GivenFirst,
        },
        Arabic => Tongue {
            given: &[("محمود", "Mahmoud/Mahmud"), ("فاطمة", "Fatima/Fatma"), ("خالد", "Khalid/Khaled"), ("عائشة", "Aisha/Aicha"), ("يوسف", "Yusuf/Youssef"), ("زينب", "Zaynab/Zeinab"), ("عمر", "Umar/Omar"), ("ليلى", "Layla/Leila"), ("حسن", "Hasan/Hassan"), ("مريم", "Maryam/Mariam"), ("إبراهيم", "Ibrahim/Brahim"), ("نور", "Nur/Noor"), ("سعيد", "Said/Saeed"), ("هدى", "Huda/Houda")],
            stems: &[("الدرطس", "al-Dartas"), ("الصنف", "al-Sanaf"), ("الحضن", "al-Hadn"), ("الرمث", "al-Rimth"), ("القصرن", "al-Qasran"), ("الطويغن", "al-Tuwayghan"), ("الغدمر", "al-Ghadmar"), ("الشعذر", "al-Shadhar"), ("الزبرن", "al-Zabran"), ("العوسج", "al-Awsaj"), ("الخضرم", "al-Khadram"), ("البطحمر", "al-Bathamar"), ("الجردهن", "al-Jardahan"), ("المرزم", "al-Mirzam")],
            ends: &[("ي", "i"), ("اوي", "awi"), ("اني", "ani"), ("وني", "uni"), ("ين", "in")],
            order: Order::GivenFirst,
        },
        Georgian => Tongue {
            given: &[("გიორგი", "Giorgi/George"), ("ნინო", "Nino"), ("ლევან", "Levan"), ("თამარ", "Tamar/Tamari"), ("ზურაბ", "Zurab"), ("ქეთევან", "Ketevan/Qetevan"), ("დავით", "Davit/David"), ("ეკა", "Eka"), ("ვახტანგ", "Vakhtang"), ("მაია", "Maia/Maya"), ("ირაკლი", "Irakli"), ("ხათუნა", "Khatuna")],
            stems: &[("ჭაბუკ", "Chabuk"), ("ბერხუნ", "Berkhun"), ("ღვინტ", "Ghvint"), ("წყალოს", "Tsqalos"), ("ხევრ", "Khevr"), ("ნაბახტ", "Nabakht"), ("ყორღ", "Qorgh"), ("ძნელ", "Dznel"), ("შაორ", "Shaor"), ("ფოცხვრ", "Potskhvr"), ("ჟვან", "Zhvan"), ("ტყემლ", "Tqeml")],
            ends: &[("აშვილი", "ashvili"), ("იძე", "idze"), ("ავა", "ava"), ("ელი", "eli"), ("უა", "ua"), ("იანი", "iani")],
            order: Order::GivenFirst,
        },
        Amharic => Tongue {
            given: &[("አበበ", "Abebe"), ("ሰላማዊት", "Selamawit"), ("ዳዊት", "Dawit"), ("ትዕግስት", "Tigist"), ("ሙሉጌታ", "Mulugeta"), ("ብርቱካን", "Birtukan"), ("ተስፋዬ", "Tesfaye"), ("ሂሩት", "Hirut"), ("ገብሬ", "Gebre"), ("አልማዝ", "Almaz"), ("ዮናስ", "Yonas"), ("መሠረት", "Meseret")],
            stems: &[("ወልደ", "Welde"), ("ገብረ", "Gebre"), ("ኃይለ", "Haile"), ("ተክለ", "Tekle"), ("አስፋ", "Asfa"), ("በየነ", "Beyene"), ("ሣህለ", "Sahle"), ("ደምሰ", "Demse"), ("ፍቅረ", "Fikre"), ("ንጉሠ", "Niguse")],
            ends: &[("ዋርካ", "warka"), ("አወራ", "awara"), ("ሸንበጥ", "shenbet"), ("ዘርቆም", "zerqom"), ("ቶርባን", "torban"), ("ልማጥ", "limat"), ("ቀንጠር", "qenter"), ("ዱሮቅ", "duroq"), ("ምንጋር", "mingar"), ("ሰልሞ", "selmo")],
            order: Order::GivenFirst,
        },
        Chinese => Tongue {
            given: &[("建溪", "Jianxi"), ("晓岚", "Xiaolan"), ("志远", "Zhiyuan"), ("梅芳", "Meifang"), ("国樑", "Guoliang"), ("秀禾", "Xiuhe"), ("永川", "Yongchuan"), ("雪琴", "Xueqin"), ("文柏", "Wenbai"), ("丽娜", "Lina"), ("海潮", "Haichao"), ("思琪", "Siqi"), ("德厚", "Dehou"), ("春燕", "Chunyan"), ("启明", "Qiming"), ("玉竹", "Yuzhu")],
            // Compound surnames of two letters, so that no combination is one that many bear.
            stems: &[("司", "Si"), ("东", "Dong"), ("南", "Nan"), ("西", "Xi"), ("长", "Zhang"), ("闻", "Wen"), ("慕", "Mu"), ("令", "Ling"), ("谷", "Gu"), ("漆", "Qi")],
            ends: &[("棠", "tang"), ("陂", "bei"), ("樵", "qiao"), ("岫", "xiu"), ("垣", "yuan"), ("浦", "pu"), ("杉", "shan"), ("荻", "di")],
            order: Order::FamilyFirst,
        },
        French => Tongue {
            given: &[("Aimé", "Aime"), ("Béatrice", "Beatrice"), ("Célestin", "Celestin"), ("Désirée", "Desiree"), ("Étienne", "Etienne"), ("Françoise", "Francoise"), ("Gédéon", "Gedeon"), ("Hélène", "Helene"), ("Innocent", "Innocent"), ("Joséphine", "Josephine"), ("Léon", "Leon"), ("Mélanie", "Melanie"), ("Noël", "Noel"), ("Thérèse", "Therese")],
            stems: &[("Mbalek", "Mbalek"), ("Ilumbek", "Ilumbek"), ("Kasong", "Kasong"), ("Bolem", "Bolem"), ("Ngond", "Ngond"), ("Tshobek", "Tshobek"), ("Lokuf", "Lokuf"), ("Mwend", "Mwend"), ("Nzuz", "Nzuz"), ("Okitak", "Okitak"), ("Wembal", "Wembal"), ("Yambuy", "Yambuy"), ("Matund", "Matund"), ("Bokel", "Bokel")],
            ends: &[("anga", "anga"), ("umbi", "umbi"), ("osi", "osi"), ("eko", "eko"), ("abwe", "abwe"), ("ilu", "ilu"), ("onda", "onda")],
            order: Order::GivenFirst,
        },
        Spanish => Tongue {
            given: &[("Ramón", "Ramon"), ("Lucía", "Lucia"), ("Andrés", "Andres"), ("María Inés", "Maria Ines"), ("Joaquín", "Joaquin"), ("Belén", "Belen"), ("Tomás", "Tomas"), ("Asunción", "Asuncion"), ("Efraín", "Efrain"), ("Concepción", "Concepcion"), ("Moisés", "Moises"), ("Rocío", "Rocio")],
            stems: &[("Quebrant", "Quebrant"), ("Carrisc", "Carrisc"), ("Peñalv", "Penalv"), ("Risqued", "Risqued"), ("Abrigal", "Abrigal"), ("Telmañ", "Telman"), ("Zurbar", "Zurbar"), ("Hinojal", "Hinojal"), ("Cordob", "Cordob"), ("Muñag", "Munag"), ("Serrav", "Serrav"), ("Güemal", "Guemal")],
            ends: &[("ete", "ete"), ("osa", "osa"), ("illo", "illo"), ("erena", "erena"), ("ález", "alez"), ("ón", "on"), ("uri", "uri")],
            order: Order::GivenFirst,
        },
    }
}
