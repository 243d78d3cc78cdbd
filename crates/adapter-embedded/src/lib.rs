//! adapter-embedded
