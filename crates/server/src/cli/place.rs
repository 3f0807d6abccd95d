//! Where the data is: which database, which master key, which files override the embedded ones.

use crate::data;
use crate::locale::Locales;
use clap::Args;
use desk::library::DataFile;
use desk::time::Time;
use desk::{Desk, Library, Setup};
use jiff::tz::TimeZone;
use sha2::{Digest as _, Sha256};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use store::{Db, Options, Target};

/// Options every command on data takes.
#[derive(Clone, Debug, Args)]
pub struct Place {
    /// Folder of the embedded database (`redress.db`).
    #[arg(long, env = "REDRESS_DATA_DIR", value_name = "DIR", default_value = "redress-data")]
    pub data_dir: PathBuf,
    /// PostgreSQL instead of the embedded database: postgres://user:password@host:port/name
    #[arg(long, env = "REDRESS_DATABASE_URL", value_name = "URL", hide_env_values = true)]
    pub database_url: Option<String>,
    /// Master key file. Default: redress/master-….key in the user's configuration folder, never in the data folder.
    #[arg(long, env = "REDRESS_MASTER_KEY_FILE", value_name = "FILE")]
    pub master_key_file: Option<PathBuf>,
    /// Time zone of the installation. Default: that of the stack, else Asia/Shanghai.
    #[arg(long, env = "REDRESS_ZONE", value_name = "ZONE")]
    pub zone: Option<String>,
    /// The rules that govern new cases: a stack of packs/stacks.toml, such as cn, uk or au. Default: the list's own.
    #[arg(long, env = "REDRESS_STACK", value_name = "STACK")]
    pub stack: Option<String>,
    /// Folder whose packs/, locales/ and assets/ override the embedded files.
    #[arg(long, env = "REDRESS_OVERRIDE", value_name = "DIR")]
    pub r#override: Option<PathBuf>,
    /// Who sends letters, as it is to stand at their head.
    #[arg(long, env = "REDRESS_LETTERHEAD", value_name = "NAME", default_value = "")]
    pub letterhead: String,
    /// Font of letters as PDF (TrueType, OpenType or a collection). Default: one of this machine that has all their
    /// characters.
    #[arg(long, env = "REDRESS_FONT", value_name = "FILE")]
    pub font: Option<PathBuf>,
}

impl Default for Place {
    fn default() -> Self {
        Self {
            data_dir: PathBuf::from("redress-data"),
            database_url: None,
            master_key_file: None,
            zone: None,
            stack: None,
            r#override: None,
            letterhead: String::new(),
            font: None,
        }
    }
}

impl Place {
    /// What letters are made with.
    pub(super) fn letter_settings(&self) -> crate::app::Settings {
        let (letterhead, font) = (self.letterhead.clone(), self.font.clone());
        crate::app::Settings { letterhead, font, ..Default::default() }
    }

    /// Which database.
    pub fn target(&self) -> Target {
        match &self.database_url {
            Some(url) => Target::Postgres(url.clone()),
            None => Target::Sqlite(self.data_dir.join("redress.db")),
        }
    }

    /// The master key file: as given, else one of its own for this data in the user's configuration folder. Two
    /// installations never share one by accident, or rotating the keys of one would take away those of the other.
    pub fn master_key(&self) -> Result<PathBuf, String> {
        if let Some(file) = &self.master_key_file {
            return Ok(file.clone());
        }
        let base = std::env::var_os("XDG_CONFIG_HOME")
            .map(PathBuf::from)
            .filter(|path| path.is_absolute())
            .or_else(|| std::env::var_os("HOME").map(|home| PathBuf::from(home).join(".config")))
            .ok_or("no configuration folder is known; name the key file with --master-key-file")?;
        let data = match self.target() {
            Target::Postgres(_) => self.target().shown(),
            Target::Sqlite(_) => canonical(&self.data_dir)?.display().to_string(),
        };
        let mut name = "master-".to_owned();
        for byte in Sha256::digest(data.as_bytes()).iter().take(6) {
            let _ = write!(name, "{byte:02x}");
        }
        Ok(base.join("redress").join(name + ".key"))
    }

    /// The installation's zone under the rules it goes by.
    pub fn time_zone(&self, library: &Library) -> Result<TimeZone, String> {
        let name = self.zone_name(library);
        TimeZone::get(name).map_err(|_| format!("--zone: there is no time zone {name:?}"))
    }

    fn zone_name<'n>(&'n self, library: &'n Library) -> &'n str {
        self.zone.as_deref().or_else(|| library.zone()).unwrap_or("Asia/Shanghai")
    }

    /// Packs and trees.
    pub fn library(&self) -> Result<Library, String> {
        let files: Vec<DataFile> = data::packs(self.r#override.as_deref())?;
        let library = Library::load_for(&files, self.stack.as_deref()).map_err(|error| error.to_string())?;
        if self.r#override.is_some() {
            refuse_what_is_not_sound(&library)?;
        }
        Ok(library)
    }

    /// Words.
    pub fn locales(&self) -> Result<Locales, String> {
        Locales::load(data::locales(self.r#override.as_deref())?)
    }

    /// The database, whose tables must already have the right form.
    pub fn open_db(&self, options: &Options) -> Result<Db, String> {
        let target = self.target();
        if let Target::Sqlite(path) = &target
            && !path.exists()
        {
            return Err(format!("there is no database at {}; `redress serve` makes one", path.display()));
        }
        let db = Db::open(&target, options).map_err(|error| format!("{}: {error}", target.shown()))?;
        db.check_schema().map_err(|error| format!("{}: {error}", target.shown()))?;
        Ok(db)
    }

    /// The desk over an existing database, for a command that runs and ends.
    pub fn open(&self) -> Result<Desk, String> {
        self.open_with(&Options::small())
    }

    /// The same with as many threads as the command can use.
    pub fn open_with(&self, options: &Options) -> Result<Desk, String> {
        let db = self.open_db(options)?;
        self.desk(db, Time::System)
    }

    /// The desk over an open database.
    pub fn desk(&self, db: Db, time: Time) -> Result<Desk, String> {
        let key = self.master_key()?;
        let library = self.library()?;
        let zone = self.time_zone(&library)?;
        let setup = Setup { db, library, zone, time };
        Desk::open(setup, &key).map_err(|error| super::told(&error))
    }
}

/// A folder's one true name, also before it exists: a link to it must lead to the same key.
fn canonical(folder: &Path) -> Result<PathBuf, String> {
    let absolute = std::path::absolute(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    for existing in absolute.ancestors() {
        if let (Ok(known), Ok(rest)) = (existing.canonicalize(), absolute.strip_prefix(existing)) {
            return Ok(known.components().chain(rest.components()).collect());
        }
    }
    Ok(absolute)
}

/// `redress migrate`.
pub(super) fn migrate(place: &Place) -> Result<(), String> {
    let target = place.target();
    let db = create(&target, &Options::small())?;
    let done = db.migrate().map_err(|error| format!("{}: {error}", target.shown()))?;
    db.close();
    super::say(format_args!("{}: schema {} → {}", target.shown(), done.from, done.to))
}

/// Opens a database, making the folder of an embedded one.
pub(crate) fn create_for(place: &Place) -> Result<Db, String> {
    create(&place.target(), &Options::default())
}

/// Opens a database, making the folder it lies in.
///
/// # Errors
/// What keeps it from being opened, in one line.
pub(super) fn create(target: &Target, options: &Options) -> Result<Db, String> {
    folder_of(target)?;
    Db::open(target, options).map_err(|error| format!("{}: {error}", target.shown()))
}

/// Makes the folder of an embedded database.
pub(super) fn folder_of(target: &Target) -> Result<(), String> {
    if let Target::Sqlite(path) = target
        && let Some(folder) = path.parent()
    {
        std::fs::create_dir_all(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            let only_me = std::fs::Permissions::from_mode(0o700);
            // A folder somebody else made keeps the rights they gave it.
            if std::fs::read_dir(folder).is_ok_and(|mut entries| entries.next().is_none()) {
                let _ = std::fs::set_permissions(folder, only_me);
            }
        }
    }
    Ok(())
}

/// Where the data is and which rules govern, for `redress config`.
pub(super) fn settings(place: &Place) -> Result<Vec<String>, String> {
    place.locales()?;
    let library = place.library()?;
    place.time_zone(&library)?;
    let mut lines = vec![
        format!("database = {:?}", place.target().shown()),
        format!("master_key_file = {:?}", place.master_key()?.display().to_string()),
        format!("zone = {:?}", place.zone_name(&library)),
        match &place.r#override {
            Some(folder) => format!("override = {:?}", folder.display().to_string()),
            None => "# override is not set: packs, words and assets are the embedded ones".to_owned(),
        },
    ];
    lines.push(format!("letterhead = {:?}", place.letterhead));
    lines.push(match &place.font {
        Some(file) => format!("font = {:?}", file.display().to_string()),
        None => "# font is not set: letters take one of this machine".to_owned(),
    });
    lines.push(format!("stack = \"{}\"", library.stack()));
    lines.extend(library.packs().iter().map(|pack| format!("pack = \"{} {}\"", pack.id(), pack.version())));
    Ok(lines)
}

/// Packs of one's own govern cases only when the checker has nothing against them, and a released version says what it
/// said when it was released: cases that name it rely on that.
fn refuse_what_is_not_sound(library: &Library) -> Result<(), String> {
    let released = Library::load(&data::packs(None)?).map_err(|error| error.to_string())?;
    for pack in library.packs().iter() {
        let name = format!("{}@{}", pack.id(), pack.version());
        if released.pack(&name).is_some_and(|known| known.hash() != pack.hash()) {
            let file = pack.file();
            return Err(format!(
                "packs/{file}: {name} is released and says something else; give yours a version of its own"
            ));
        }
    }
    let findings = library.check(&[]);
    let errors = findings.iter().filter(|finding| finding.weight == policy::check::Weight::Error);
    let errors: Vec<String> = errors.map(ToString::to_string).collect();
    if errors.is_empty() { Ok(()) } else { Err(errors.join("\n")) }
}
