using System.Buffers;
using Httpmq.Api.Bodies;
using Httpmq.Api.Http;
using Httpmq.Api.Settling;

namespace Httpmq.Api.Subscriptions;

/// <summary>Reads a subscriber's message as a settlement, and looks for fields that nobody knows.</summary>
/// <param name="unknown">Says them in the log, each once.</param>
/// <param name="fields">Finds them.</param>
/// <param name="method">The request's method, for the log.</param>
/// <param name="isStrict">Whether <c>?strict=true</c> asks for messages without such fields.</param>
internal sealed class SubscriberFields(UnknownNames unknown, UnknownFields fields, string method, bool isStrict)
{
    /// <summary>What the names are, for warnings.</summary>
    public const string Kind = "field";

    private static readonly string[] Others = ["credit", "id"];

    /// <summary>Whether a message with a field that nobody knows is refused.</summary>
    public bool AreStrict => isStrict;

    /// <summary>Reads one JSON object, or throws what is wrong with it.</summary>
    /// <param name="message">The object.</param>
    /// <param name="buffers">Lends what the message is put together in.</param>
    /// <param name="warnings">What to say of fields that nobody knows; null: there are none.</param>
    public SettleRequest Parse(in ReadOnlySequence<byte> message, BodyBuffers buffers, out IReadOnlyList<string>? warnings)
    {
        var type = SettlingJson.Wire.SettleRequest;
        var settlement = (SettleRequest)JsonBodyFormatter.Parse(message, type, buffers, fields, isStrict, Others, out var found);
        warnings = null;
        if (found is not null)
        {
            warnings = UnknownNames.Describe(Kind, found, [.. fields.KnownOf(type), .. Others]);
            unknown.Log(method, Kind, found);
        }

        return settlement;
    }
}
