using System.Buffers;
using System.Buffers.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Httpmq.Api.Subscriptions.Framing;

/// <summary>Pieces of JSON, written in parts that fit the response's blocks.</summary>
internal static class JsonText
{
    // A multiple of 3 bytes becomes a multiple of 4 characters.
    private const int PieceBytes = 2304;

    private static readonly JavaScriptEncoder Escapes = JavaScriptEncoder.UnsafeRelaxedJsonEscaping;

    /// <summary>The text as a JSON string.</summary>
    public static byte[] Quote(string text) => [(byte)'"', .. JsonEncodedText.Encode(text, Escapes).EncodedUtf8Bytes, (byte)'"'];

    /// <summary>Writes bytes in base64; returns how many characters that were.</summary>
    public static int WriteBase64(IBufferWriter<byte> output, ReadOnlySpan<byte> payload)
    {
        var total = 0;
        while (!payload.IsEmpty)
        {
            var piece = payload[..Math.Min(PieceBytes, payload.Length)];
            var span = output.GetSpan(Base64.GetMaxEncodedToUtf8Length(piece.Length));
            Base64.EncodeToUtf8(piece, span, out _, out var written);
            output.Advance(written);
            total += written;
            payload = payload[piece.Length..];
        }

        return total;
    }

    /// <summary>Writes valid UTF-8 as it stands between the quotes of a JSON string; returns how many bytes that were.</summary>
    public static int WriteEscaped(IBufferWriter<byte> output, ReadOnlySpan<byte> text)
    {
        var total = 0;
        while (!text.IsEmpty)
        {
            // Room for one escaped character at least, so that every turn gets on.
            var span = output.GetSpan(Math.Min(text.Length + 16, PieceBytes));
            Escapes.EncodeUtf8(text, span, out var consumed, out var written);
            output.Advance(written);
            total += written;
            text = text[consumed..];
        }

        return total;
    }

    /// <summary>Writes valid JSON; its line breaks, which can only lie between its parts, become spaces.</summary>
    public static int WriteOnOneLine(IBufferWriter<byte> output, ReadOnlySpan<byte> json)
    {
        var total = json.Length;
        while (!json.IsEmpty)
        {
            var piece = json[..Math.Min(PieceBytes, json.Length)];
            var span = output.GetSpan(piece.Length)[..piece.Length];
            piece.CopyTo(span);
            span.Replace((byte)'\n', (byte)' ');
            span.Replace((byte)'\r', (byte)' ');
            output.Advance(piece.Length);
            json = json[piece.Length..];
        }

        return total;
    }
}
