using System.Buffers;
using System.Buffers.Text;

namespace Httpmq.Infrastructure.Protocol;

/// <summary>
/// The status in the header line of a message from the server;
/// https://github.com/nats-io/nats-architecture-and-design/blob/main/adr/ADR-4.md.
/// </summary>
internal static class NatsStatus
{
    public const int None = 0;
    public const int Control = 100;
    public const int BadRequest = 400;
    public const int NotFound = 404;
    public const int RequestTimeout = 408;
    public const int Conflict = 409;
    public const int Locked = 423;
    public const int NoResponders = 503;

    /// <summary>The status code, or <see cref="None"/> for headers of an ordinary message.</summary>
    public static int Read(in ReadOnlySequence<byte>? headers)
    {
        // "NATS/1.0 503" and then a text or the end of the line.
        const int Length = 12;
        if (headers is not { } sequence || sequence.Length < Length)
        {
            return None;
        }

        Span<byte> line = stackalloc byte[Length];
        sequence.Slice(0, Length).CopyTo(line);
        return line[8] == ' ' && int.TryParse(line[9..], out var status) ? status : None;
    }
}
