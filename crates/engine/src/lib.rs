//! Sets of events to cases, cards and findings: batch fold, deadline queue, restore.
