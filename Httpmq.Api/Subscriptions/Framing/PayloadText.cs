using System.Buffers;

namespace Httpmq.Api.Subscriptions.Framing;

/// <summary>A payload as a member of its JSON object, by the name that its encoding has.</summary>
internal static class PayloadText
{
    /// <summary>Writes the member; returns the bytes written.</summary>
    /// <param name="output">Where to.</param>
    /// <param name="wanted">The encoding that was asked for; what does not fit is in base64.</param>
    /// <param name="payload">The payload.</param>
    public static int Write(IBufferWriter<byte> output, PayloadEncoding wanted, ReadOnlySpan<byte> payload) => wanted.Fit(payload) switch
    {
        PayloadEncoding.Utf8 => Put(output, "\"msg\":\""u8) + JsonText.WriteEscaped(output, payload) + Put(output, "\""u8),
        PayloadEncoding.Json => Put(output, "\"json\":"u8) + JsonText.WriteOnOneLine(output, payload),
        _ => Put(output, "\"b64_msg\":\""u8) + JsonText.WriteBase64(output, payload) + Put(output, "\""u8),
    };

    private static int Put(IBufferWriter<byte> output, ReadOnlySpan<byte> bytes)
    {
        output.Write(bytes);
        return bytes.Length;
    }
}
