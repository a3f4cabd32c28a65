namespace Httpmq.Bench.Loads;

/// <summary>Messages' contents: bytes that do not compress and are the same in every run.</summary>
internal static class Payload
{
    public static byte[] Of(int length)
    {
        var payload = new byte[length];
        for (var index = 0; index < length; index++)
        {
            payload[index] = (byte)(((index * 2654435761L) >> 7) & 0xFF);
        }

        return payload;
    }
}
