SELECT kind, count() AS found
FROM findings FINAL
GROUP BY kind
ORDER BY kind
