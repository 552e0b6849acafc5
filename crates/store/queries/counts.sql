SELECT 'cases' AS name, count() AS rows FROM cases FINAL
UNION ALL SELECT 'events', count() FROM events FINAL
UNION ALL SELECT 'spans', count() FROM spans
UNION ALL SELECT 'findings', count() FROM findings
UNION ALL SELECT 'cards', countIf(state = 'issued') FROM cards
UNION ALL SELECT 'cards_withdrawn', countIf(state = 'withdrawn') FROM cards
