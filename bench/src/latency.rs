//! From produce to visible, from produce to the card, and from a card's instant to the card, at a steady load.

use serde_json::Value;

use crate::world::World;

/// Measures under load.
pub async fn measure(world: &World) -> anyhow::Result<Value> {
    let _ = world;
    anyhow::bail!("not yet")
}
