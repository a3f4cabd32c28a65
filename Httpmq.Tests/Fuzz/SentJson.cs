using System.Text.Json;
using System.Text.Json.Nodes;

namespace Httpmq.Tests.Fuzz;

/// <summary>What a body says, read apart from the product: the last of equal names counts, names in any case, null is absent.</summary>
internal sealed class SentJson(byte[] body)
{
    private static readonly string[] Limits = ["max_consumers", "max_msgs", "max_bytes", "max_msgs_per_subject", "max_msg_size"];
    private const long DefaultWindow = 120_000_000_000;

    private readonly Dictionary<string, JsonNode?> _fields = Read(body);

    public string? Text(string name) => (string?)_fields.GetValueOrDefault(name);

    public long? Number(string name) => (long?)_fields.GetValueOrDefault(name);

    public string[] Subjects() => (_fields.GetValueOrDefault("subjects") as JsonArray)?.Select(subject => (string)subject!).ToArray() ?? [];

    /// <summary>The stream that this defines, in JetStream's words.</summary>
    public JsonObject Stream()
    {
        var subjects = Subjects();
        var config = new JsonObject
        {
            ["name"] = Text("name"),
            ["description"] = Text("description") ?? string.Empty,
            ["subjects"] = Array(subjects.Length == 0 ? [Text("name")!] : subjects),
            ["retention"] = "limits",
            ["discard"] = "old",
            ["storage"] = "file",
            ["num_replicas"] = Number("replicas") ?? 1L,
            ["max_age"] = 0L,
            ["duplicate_window"] = DefaultWindow,
        };
        foreach (var limit in Limits)
        {
            config[limit] = -1L;
        }

        return ChangeLimits(config);
    }

    /// <summary>The configuration with the limits that are given.</summary>
    public JsonObject ChangeLimits(JsonObject config)
    {
        foreach (var limit in Limits)
        {
            config[limit] = Number(limit) is { } value ? value == 0 ? -1L : value : (long)config[limit]!;
        }

        if (Number("max_age") is { } age)
        {
            config["max_age"] = age;
            config["duplicate_window"] = age is > 0 and < DefaultWindow ? age : DefaultWindow;
        }

        return config;
    }

    /// <summary>The consumer that this defines, in JetStream's words.</summary>
    public JsonObject Consumer() => new()
    {
        ["durable_name"] = Text("name"),
        ["description"] = Text("notes") ?? string.Empty,
        ["filter_subject"] = Text("filter_subject") ?? string.Empty,
        ["deliver_group"] = Text("delivery_group") ?? string.Empty,
        ["deliver_policy"] = "all",
        ["ack_policy"] = "explicit",
        ["max_ack_pending"] = Number("max_inflight"),
        ["max_deliver"] = Number("max_retry") is > 0 and var retry ? retry : -1L,
        ["ack_wait"] = Number("ack_wait") is > 0 and var wait ? wait : 30_000_000_000L,
    };

    /// <summary>Of what JetStream says, the fields that are expected; those that it leaves out are empty.</summary>
    public static JsonObject Same(JsonObject expected, JsonNode actual)
    {
        var same = new JsonObject();
        foreach (var (name, value) in expected)
        {
            same[name] = actual[name]?.DeepClone()
                ?? (value!.GetValueKind() is JsonValueKind.String ? JsonValue.Create(string.Empty) : null);
        }

        return same;
    }

    public static JsonArray Array(IEnumerable<string> texts) => new([.. texts.Select(text => JsonValue.Create(text))]);

    private static Dictionary<string, JsonNode?> Read(byte[] body)
    {
        var fields = new Dictionary<string, JsonNode?>(StringComparer.OrdinalIgnoreCase);
        using var document = JsonDocument.Parse(body);
        if (document.RootElement.ValueKind is not JsonValueKind.Null)
        {
            foreach (var field in document.RootElement.EnumerateObject().Where(IsText))
            {
                fields[field.Name] = JsonNode.Parse(field.Value.GetRawText());
            }
        }

        return fields;
    }

    /// <summary>Whether the name is text: one that is half of a character is unknown, and ignored like any other.</summary>
    private static bool IsText(JsonProperty field)
    {
        try
        {
            return field.Name is not null;
        }
        catch (InvalidOperationException)
        {
            return false;
        }
    }
}
