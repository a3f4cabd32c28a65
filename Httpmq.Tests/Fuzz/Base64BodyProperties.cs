using System.Buffers;
using System.Text;
using FsCheck;
using FsCheck.Fluent;
using Httpmq.Api.Bodies;
using Httpmq.Api.Errors;
using Httpmq.Domain.Errors;

namespace Httpmq.Tests.Fuzz;

/// <summary>A message in base64, in any pieces, against the framework's decoder: the same bytes, or refused.</summary>
internal sealed class Base64BodyProperties
{
    private const int MaxMessage = 6000;

    // Room for a line break after every other character, and some more.
    private const int LongestBody = ((MaxMessage + 2) / 3 * 6) + 4096;
    private static readonly SearchValues<char> Allowed =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=\r\n");

    private static readonly BodyBuffers Buffers = new(long.MaxValue);

    private static readonly Gen<string> Texts = Shrunk.Damaged(
        Gen.Frequency((8, Gen.Choose(0, 70)), (1, Gen.Choose(2900, 3100)), (1, Gen.Choose(5900, 6100)))
            .SelectMany(length => Gen.Choose(0, 255).Select(value => (byte)value).ArrayOf(length))
            .Zip(Gen.Elements(0, 0, 1, 2, 3, 4, 19, 76), (bytes, width) => Wrap(Convert.ToBase64String(bytes), width)),
        Gen.Elements("=", "==", "\r", "\n", "\r\n", "A", "/", "+", "-", "_", " ", "\0", "é", "!"));

    [FuzzRun.Property]
    public Property Read_AnyTextInAnyPieces_IsWhatTheFrameworkDecodesOrRefused() => Prop.ForAll(Shrunk.Pieces(Texts), async pieces =>
    {
        var text = Encoding.Latin1.GetString(Segments.Join(pieces));
        var (message, error) = await ReadAsync(pieces, text.Length);
        var (expectedMessage, expectedError) = Decode(text);
        if (text.Length > LongestBody)
        {
            // Refused while it is read, whatever else is wrong with it.
            Assert.That(error?.Kind, Is.AnyOf(ErrorKind.TooLarge, ErrorKind.InvalidInput));
            return;
        }

        Assert.That(error?.Kind, Is.EqualTo(expectedError), error?.Detail());
        Assert.That(message, Is.EqualTo(expectedMessage));
        Assert.That(Buffers.Used, Is.Zero, "a buffer was not given back");
        if (text.Length > 0 && text.AsSpan().IndexOfAnyExcept(Allowed) is >= 0 and var illegal)
        {
            Assert.That(error!.Detail(), Does.Contain($"byte {illegal};"));
        }
    });

    private static async Task<(byte[]? Message, Error? Error)> ReadAsync(byte[][] pieces, int length)
    {
        try
        {
            // With and without the length announced.
            using var body = await Segments.ReadAsync(pieces, reader => MessageBody.ReadAsync(
                reader,
                MessageEncoding.Base64,
                length % 2 == 0 ? length : null,
                MaxMessage,
                Buffers,
                BodyTimeouts.Endless,
                CancellationToken.None));
            return body.Message.IsEmpty ? (null, BodyErrors.Empty) : (body.Message.ToArray(), null);
        }
        catch (HttpmqException exception)
        {
            return (null, exception.Error);
        }
    }

    private static (byte[]? Message, ErrorKind? Error) Decode(string text)
    {
        try
        {
            var message = text.AsSpan().ContainsAnyExcept(Allowed) ? [] : Convert.FromBase64String(text);
            return message.Length switch
            {
                0 => (null, ErrorKind.InvalidInput),
                > MaxMessage => (null, ErrorKind.TooLarge),
                _ => (message, null),
            };
        }
        catch (FormatException)
        {
            return (null, ErrorKind.InvalidInput);
        }
    }

    private static string Wrap(string text, int width) =>
        width == 0 ? text : string.Join(width % 2 == 0 ? "\r\n" : "\n", text.Chunk(width).Select(line => new string(line)));
}
