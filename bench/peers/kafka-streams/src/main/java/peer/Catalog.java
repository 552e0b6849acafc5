package peer;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.dataformat.toml.TomlMapper;
import java.io.File;
import java.io.IOException;
import java.time.LocalDate;
import java.util.HashMap;
import java.util.Map;
import java.util.TreeMap;

/** Items by code, each version from the day it is valid. */
final class Catalog {
    record Item(String department, Limit promised, Limit statutory, Limit statutoryJoint, Limit delivery) {}

    private final Map<String, TreeMap<LocalDate, Item>> items = new HashMap<>();

    Catalog(File file) throws IOException {
        for (JsonNode item : new TomlMapper().readTree(file).get("item")) {
            String statutory = text(item, "statutory_limit");
            Item version = new Item(
                    text(item, "department"),
                    Limit.parse(text(item, "promised_limit"), null),
                    Limit.parse(statutory, Limit.workingDays(20)),
                    Limit.parse(statutory, Limit.workingDays(45)),
                    Limit.parse(text(item, "delivery_limit"), Limit.workingDays(10)));
            items.computeIfAbsent(text(item, "code"), code -> new TreeMap<>())
                    .put(LocalDate.parse(text(item, "valid_from")), version);
        }
    }

    private static String text(JsonNode item, String field) {
        return item.has(field) ? item.get(field).asText() : null;
    }

    Item inForce(String code, long at) {
        TreeMap<LocalDate, Item> versions = code == null ? null : items.get(code);
        Map.Entry<LocalDate, Item> version = versions == null ? null : versions.floorEntry(WorkingTime.date(at));
        return version == null ? null : version.getValue();
    }
}
