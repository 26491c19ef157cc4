//! Texts with settings in them.

/// A text that holds `{{name}}` where a setting belongs, and the settings so far.
pub(super) struct Template {
    file: &'static str,
    text: String,
}

/// A setting that cannot stand in a configuration file, or a text that does not fit its settings.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RenderError {
    /// The value would end the line, the quotes or the statement that it stands in.
    #[error("`{}` cannot stand in {file}, for `{}` means something there; leave it out", value.escape_debug(), found.escape_debug())]
    Unsafe {
        /// The file.
        file: &'static str,
        /// The value.
        value: String,
        /// What is wrong with it.
        found: char,
    },
    /// The text has no such place, or one that was not filled. A fault of this program.
    #[error(
        "the text of {file} and its settings differ at `{name}`; this is a fault of the program: report it"
    )]
    Template {
        /// The file.
        file: &'static str,
        /// The place.
        name: String,
    },
}

impl Template {
    pub(super) fn new(file: &'static str, text: &str) -> Self {
        Self { file, text: text.to_owned() }
    }

    /// Puts a value where its name stands, if it means nothing to nginx, PHP or a shell.
    pub(super) fn set(self, name: &str, value: &dyn ToString) -> Result<Self, RenderError> {
        let value = safe(self.file, value.to_string())?;
        self.put(name, &value)
    }

    /// Puts a line for every value where the name stands; in the line, `{}` is the value.
    pub(super) fn lines<T: ToString>(
        self,
        name: &str,
        line: &str,
        values: impl IntoIterator<Item = T>,
    ) -> Result<Self, RenderError> {
        let file = self.file;
        let line = |value: T| Ok(line.replace("{}", &safe(file, value.to_string())?) + "\n");
        let lines = values.into_iter().map(line).collect::<Result<String, RenderError>>()?;
        self.put(name, &lines)
    }

    fn put(self, name: &str, text: &str) -> Result<Self, RenderError> {
        let place = format!("{{{{{name}}}}}");
        if self.text.contains(&place) {
            Ok(Self { text: self.text.replace(&place, text), ..self })
        } else {
            Err(RenderError::Template { file: self.file, name: name.to_owned() })
        }
    }

    /// The text, if nothing is left to fill in.
    pub(super) fn finish(self) -> Result<String, RenderError> {
        match self.text.split_once("{{") {
            None => Ok(self.text),
            Some((_, rest)) => {
                let name = rest.split("}}").next().unwrap_or_default().to_owned();
                Err(RenderError::Template { file: self.file, name })
            }
        }
    }
}

fn safe(file: &'static str, value: String) -> Result<String, RenderError> {
    let special = |found: &char| {
        matches!(found, '"' | '\'' | '\\' | '$' | ';' | '`' | '{' | '}' | '<' | '>')
            || found.is_control()
    };
    match value.chars().find(special) {
        Some(found) => Err(RenderError::Unsafe { file, value, found }),
        None => Ok(value),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_never_leaves_its_place() {
        for value in [
            "a\nb", "a\rb", "a\0b", "a\tb", "a\"b", "a'b", "a;b", "$a", "${a}", "a\\b", "`a`",
            "a{", "a}", "<?", "?>", "{{a}}", "a\u{85}b",
        ] {
            let template = Template::new("x.conf", "a {{a}};");
            let error = template.set("a", &value).err();
            assert!(matches!(error, Some(RenderError::Unsafe { .. })), "{value:?}: {error:?}");
            let lines = Template::new("x.conf", "{{a}}").lines("a", "b {};", ["c", value]).err();
            assert!(matches!(lines, Some(RenderError::Unsafe { .. })), "{value:?}: {lines:?}");
        }
        for value in ["", "10.0.0.0/8", "/run/x", "a b", "de_DE", "12M", "a,b", "été"] {
            let filled =
                Template::new("x.conf", "a {{a}};").set("a", &value).and_then(Template::finish);
            assert_eq!(filled, Ok(format!("a {value};")));
        }
    }

    #[test]
    fn a_text_and_its_settings_fit() {
        let differs = |name: &str| Err(RenderError::Template { file: "x", name: name.to_owned() });
        assert_eq!(
            Template::new("x", "a {{b}} {{c}}").set("b", &1).and_then(Template::finish),
            differs("c")
        );
        assert_eq!(Template::new("x", "a").set("b", &1).and_then(Template::finish), differs("b"));
        let twice = Template::new("x", "{{b}}{{b}}").set("b", &1).and_then(Template::finish);
        assert_eq!(twice.as_deref(), Ok("11"));
        let none =
            Template::new("x", "a\n{{b}}c").lines("b", "d {}", [0; 0]).and_then(Template::finish);
        assert_eq!(none.as_deref(), Ok("a\nc"));
    }
}
