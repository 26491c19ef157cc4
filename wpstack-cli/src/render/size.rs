//! Sizes in bytes.

/// `312 B`, `45.1 kB`, `98.4 MB`: in powers of ten, as registries and disks count.
pub(crate) fn size(bytes: u64) -> String {
    let scaled = |unit: u64| format!("{}.{}", bytes / unit, bytes % unit * 10 / unit);
    match bytes {
        0..1_000 => format!("{bytes} B"),
        1_000..1_000_000 => format!("{} kB", scaled(1_000)),
        1_000_000..1_000_000_000 => format!("{} MB", scaled(1_000_000)),
        _ => format!("{} GB", scaled(1_000_000_000)),
    }
}

#[cfg(test)]
mod tests {
    use super::size;

    #[test]
    fn sizes_have_three_digits_or_so() {
        let sizes = [0, 999, 1_000, 45_190, 98_400_000, 1_250_000_000].map(size);
        assert_eq!(sizes, ["0 B", "999 B", "1.0 kB", "45.1 kB", "98.4 MB", "1.2 GB"]);
    }
}
