-- Until then there was one platform, and its pixels were stored without it.
UPDATE report_conversions SET pixel = 'meta:' || pixel WHERE pixel IS NOT NULL;
